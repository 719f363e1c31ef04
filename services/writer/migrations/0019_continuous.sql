-- requires: timescale
-- Continuous aggregates behind the views of 0016, from the very text of those views: `cagg_<name>`
-- keeps the figures, and the view of that name reads it. So no figure has two definitions, and
-- nothing that reads the views notices.
--
-- They hold nothing at first and show all: what is not kept yet is computed when it is asked for.
-- `vntape migrate` says how they are refreshed.

DO $$
DECLARE
    name text;
    source text;
    definition text;
BEGIN
    FOR name, source IN VALUES
        ('bars_1m', NULL), ('bars_5m', 'bars_1m'), ('bars_15m', 'bars_1m'),
        ('bars_30m', 'bars_1m'), ('bars_1h', 'bars_1m'), ('bars_1d', NULL),
        ('bars_1w', 'bars_1d'), ('flow_1m_kept', NULL), ('foreign_1m_kept', NULL),
        ('basis_1m_kept', NULL), ('breadth_1m_kept', NULL), ('index_1m_kept', NULL),
        ('index_error_1m_kept', NULL)
    LOOP
        definition := rtrim(pg_get_viewdef(name::regclass), ';');
        IF source IS NOT NULL THEN
            definition := regexp_replace(
                definition, '\m' || source || '\M', 'cagg_' || source, 'g');
        END IF;
        EXECUTE format(
            'CREATE MATERIALIZED VIEW cagg_%s WITH (timescaledb.continuous, '
            'timescaledb.materialized_only = false) AS %s WITH NO DATA', name, definition);
        EXECUTE format('CREATE OR REPLACE VIEW %I AS SELECT * FROM cagg_%s', name, name);
    END LOOP;
END $$;
