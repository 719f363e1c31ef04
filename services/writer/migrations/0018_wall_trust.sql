-- What walls show of the tape's own soundness.

CREATE VIEW data_age AS
SELECT d.venue, d.day, max(b.ts) AS last_ts,
    extract(epoch FROM now() - max(b.ts))::double precision AS age_s, count(*) AS symbols
FROM venue_days d JOIN board b ON (b.venue, b.day) = (d.venue, d.day)
GROUP BY 1, 2;
COMMENT ON VIEW data_age IS
    'When a row of the board was closed last; its age is of use on the live tape alone';

CREATE VIEW gaps AS
SELECT ts, venue, symbol, feed, channel, cause, to_timestamp(from_ts_ms / 1000.0) AS from_ts,
    to_timestamp(to_ts_ms / 1000.0) AS to_ts,
    ((to_ts_ms - from_ts_ms) / 1000.0)::double precision AS seconds,
    missing_volume, missing_value, missing_count
FROM market_gap;
COMMENT ON VIEW gaps IS 'What was lost between two times; the symbol * is a whole venue';

CREATE VIEW completeness AS
SELECT b.day, b.symbol, b.exchange, b.total_volume, p.printed_volume,
    coalesce(g.missing_volume, 0) AS missing_volume, f.unexplained_volume,
    100 * p.printed_volume / nullif(b.total_volume, 0) AS covered_percent
FROM venue_days d
JOIN board b ON (b.venue, b.day) = (d.venue, d.day)
CROSS JOIN LATERAL (
    SELECT sum(r.volume) AS printed_volume FROM bars r
    WHERE r.symbol = b.symbol AND r.interval = '1d' AND r.ts = d.begins
) p
LEFT JOIN (
    SELECT m.symbol, v.venue, sum(m.missing_volume) AS missing_volume
    FROM venue_days v
    JOIN market_gap m ON m.venue = v.venue
        AND m.ts >= v.begins AND m.ts < v.begins + INTERVAL '2 days'
    GROUP BY 1, 2
) g ON (g.symbol, g.venue) = (b.symbol, b.venue)
LEFT JOIN LATERAL (
    SELECT s.unexplained_volume FROM session_flow s
    WHERE s.symbol = b.symbol AND s.phase = 'day'
        AND s.ts >= d.begins AND s.ts < d.begins + INTERVAL '2 days'
    ORDER BY s.ts DESC, s.seq DESC, s.part DESC LIMIT 1
) f ON true;
COMMENT ON VIEW completeness IS
    'Of the newest day: the vendor''s volume of a symbol, and what its prints are of it, per cent';

CREATE VIEW alerts_recent AS
SELECT a.ts, a.symbol, a.venue, i.exchange, a.day, a.rule, a.kind, a.severity, a.side, a.text_vi,
    a.text_en, a.numbers, a.dedupe_key
FROM alerts a LEFT JOIN instruments i USING (symbol)
WHERE a.ts > (SELECT max(ts) FROM alerts) - INTERVAL '7 days';
COMMENT ON VIEW alerts_recent IS 'What the rules found in the last seven days of the tape';

CREATE INDEX basis_rolls ON basis (ts) WHERE roll;
CREATE VIEW rolls AS
SELECT continuous, symbol, day, min(ts) AS ts FROM basis WHERE roll GROUP BY 1, 2, 3;
COMMENT ON VIEW rolls IS 'When a continuous name came to another contract';

CREATE VIEW dead_letters_1h AS
SELECT date_trunc('hour', at) AS ts, service, venue, reason, topic, count(*) AS count,
    max(at) AS last
FROM dead_letters GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW dead_letters_1h IS 'How much was refused, hour by hour';

CREATE VIEW storage AS
SELECT c.relname::text AS relation, k.chunks IS NOT NULL AS is_hypertable,
    CASE WHEN k.chunks IS NULL THEN pg_total_relation_size(c.oid)
        ELSE hypertable_size(c.oid) END AS bytes,
    coalesce(k.chunks, 0) AS chunks, k.oldest, k.newest
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (
    SELECT hypertable_schema, hypertable_name, count(*) AS chunks, min(range_start) AS oldest,
        max(range_end) AS newest
    FROM timescaledb_information.chunks GROUP BY 1, 2
) k ON (k.hypertable_schema, k.hypertable_name) = (n.nspname, c.relname)
-- The tape's own schema, whoever looks.
WHERE n.oid = (SELECT relnamespace FROM pg_class WHERE oid = 'offsets'::regclass)
    AND c.relkind = 'r';
COMMENT ON VIEW storage IS 'Tables of the tape, their size and the days that they reach over';
