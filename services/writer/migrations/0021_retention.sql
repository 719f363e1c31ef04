-- How long rows are kept; `vntape migrate` fills it from the settings, on the tape `live` alone.
--
-- The same on both editions: whole chunks are dropped, by a function, because only their owner may.
-- Where continuous aggregates keep the minutes these stay; plain views lose what they are made of.

CREATE TABLE retention (
    relation text NOT NULL PRIMARY KEY,
    keep interval NOT NULL CHECK (keep >= INTERVAL '1 day')
);
COMMENT ON TABLE retention IS 'Tables of which old chunks are dropped; those not here are kept';

CREATE FUNCTION drop_expired() RETURNS TABLE (relation text, chunk text)
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '5s' AS $$
DECLARE
    rule record;
    dropped text;
BEGIN
    FOR rule IN SELECT r.relation, r.keep FROM retention r ORDER BY 1 LOOP
        BEGIN
            FOR dropped IN
                SELECT drop_chunks(rule.relation::regclass, older_than => now() - rule.keep)
            LOOP
                relation := rule.relation;
                chunk := dropped;
                RETURN NEXT;
            END LOOP;
        EXCEPTION WHEN lock_not_available THEN
            -- Somebody reads what is to go: the next call finds it again.
            CONTINUE;
        END;
    END LOOP;
END $$;
COMMENT ON FUNCTION drop_expired IS 'Drops what is older than table retention says; what it dropped';
-- It runs with its owner's rights: nothing of the caller's may stand in for a table or a function.
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION drop_expired() SET search_path = %I, public, pg_temp', current_schema());
END $$;
REVOKE EXECUTE ON FUNCTION drop_expired() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_expired() TO vntape_writer;
