-- The newest row of a symbol (and phase) in a table of its own, kept by the writer in the
-- transaction that stores the row: to look for it in the whole day, symbol by symbol, took a board
-- of 1,600 of them a third of a second.

-- Its index of that name served this question alone.
DROP INDEX session_flow_newest;
CREATE TABLE session_flow_newest (
    LIKE session_flow INCLUDING DEFAULTS, PRIMARY KEY (symbol, phase)
) WITH (fillfactor = 50);
CREATE TABLE foreign_flow_newest (
    LIKE foreign_flow INCLUDING DEFAULTS, PRIMARY KEY (symbol)
) WITH (fillfactor = 50);
CREATE TABLE market_day_newest (
    LIKE market_day INCLUDING DEFAULTS, PRIMARY KEY (symbol)
) WITH (fillfactor = 50);
COMMENT ON TABLE session_flow_newest IS 'The newest row of each symbol and phase (session_flow)';
COMMENT ON TABLE foreign_flow_newest IS 'The newest row of each symbol (foreign_flow)';
COMMENT ON TABLE market_day_newest IS 'The newest row of each symbol (market_day)';
GRANT UPDATE ON session_flow_newest, foreign_flow_newest, market_day_newest TO vntape_writer;

-- What a day older than a week shows is in the tables; a board never asks for it.
INSERT INTO session_flow_newest
SELECT DISTINCT ON (symbol, phase) * FROM session_flow
WHERE ts > (SELECT max(ts) FROM session_flow) - INTERVAL '7 days'
ORDER BY symbol, phase, seq DESC, part DESC;
INSERT INTO foreign_flow_newest
SELECT DISTINCT ON (symbol) * FROM foreign_flow
WHERE ts > (SELECT max(ts) FROM foreign_flow) - INTERVAL '7 days'
ORDER BY symbol, seq DESC, part DESC;
INSERT INTO market_day_newest
SELECT DISTINCT ON (symbol) * FROM market_day
WHERE ts > (SELECT max(ts) FROM market_day) - INTERVAL '7 days'
ORDER BY symbol, seq DESC, part DESC;

CREATE OR REPLACE VIEW flow_last AS
SELECT
    f.ts, f.symbol, f.seq, f.feed, f.part, f.venue, f.day, f.phase, f.total_volume, f.total_value,
    f.buy_volume, f.buy_value, f.buy_count, f.sell_volume, f.sell_value, f.sell_count,
    f.neutral_volume, f.neutral_value, f.neutral_count, f.unknown_volume, f.unknown_count,
    f.unexplained_volume, f.final
FROM venue_days d JOIN session_flow_newest f ON (f.venue, f.day) = (d.venue, d.day);

CREATE OR REPLACE VIEW foreign_last AS
SELECT
    f.ts, f.symbol, f.seq, f.feed, f.part, f.venue, f.day, f.exchange, f.buy_volume,
    f.sell_volume, f.net_volume, f.buy_value, f.sell_value, f.net_value, f.value_basis,
    f.delta_volume, f.delta_value, f.resets, f.total_volume, f.share, f.price, f.room,
    f.total_room, f.speed_volume_1m, f.speed_volume_5m, f.speed_volume_15m, f.speed_value_1m,
    f.speed_value_5m, f.speed_value_15m, f.acceleration_volume_1m, f.acceleration_volume_5m,
    f.acceleration_volume_15m, f.acceleration_value_1m, f.acceleration_value_5m,
    f.acceleration_value_15m, f.share_1m, f.share_5m, f.share_15m, f.price_change_1m,
    f.price_change_5m, f.price_change_15m, f.correlation_1m, f.correlation_5m, f.correlation_15m
FROM venue_days d JOIN foreign_flow_newest f ON (f.venue, f.day) = (d.venue, d.day);

CREATE OR REPLACE VIEW day_last AS
SELECT d.day, f.ts, b.symbol, b.venue, b.exchange, f.open, f.high, f.low, f.average,
    f.total_volume, f.total_value, f.put_through_volume, f.put_through_value, f.odd_lot_volume
FROM venue_days d
JOIN board b ON (b.venue, b.day) = (d.venue, d.day)
JOIN market_day_newest f ON f.symbol = b.symbol
    AND f.ts >= d.begins AND f.ts < d.begins + INTERVAL '2 days';

CREATE OR REPLACE VIEW completeness AS
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
LEFT JOIN session_flow_newest f ON (f.symbol, f.phase, f.day) = (b.symbol, 'day', b.day);
