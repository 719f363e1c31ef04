-- What walls show of this moment: of each key the newest row, of the newest day that its venue has.
-- No view asks for the time of day, so a day that is played again looks as it did.
--
-- The newest row of a symbol is one look into the primary key, from its end; so each view goes
-- from the few rows that name the symbols, and bounds ts by the day, to touch that day's chunk alone.
-- The symbol (and phase) it shows is the one of those rows: then a query's WHERE bounds them too.

-- The newest day of a venue at once, whatever its past.
CREATE INDEX board_venue_day ON board (venue, day);
-- By ts, not seq, which order alike: then chunks are looked at from the newest, and mostly one.
DROP INDEX session_flow_newest;
CREATE INDEX session_flow_newest ON session_flow (symbol, phase, ts DESC, seq DESC, part DESC);
-- The minutes of a market over all its symbols; the rows come about in this order.
CREATE INDEX trades_classified_ts ON trades_classified USING brin (ts);

CREATE FUNCTION zone(
    price double precision, reference double precision, ceiling double precision,
    floor double precision
) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN price IS NULL THEN NULL
    WHEN price >= ceiling THEN 2
    WHEN price <= floor THEN -2
    WHEN price > reference THEN 1
    WHEN price < reference THEN -1
    WHEN price = reference THEN 0
END;
COMMENT ON FUNCTION zone IS
    'The market''s five colours: 2 ceiling, 1 up, 0 reference, -1 down, -2 floor, null unknown';

CREATE VIEW venue_days AS
SELECT v.venue, d.day,
    d.day::timestamp AT TIME ZONE CASE v.venue WHEN 'VN' THEN 'Asia/Ho_Chi_Minh' ELSE 'UTC' END
        AS begins
FROM (VALUES ('VN'), ('BN'), ('BNF'), ('BNC')) v (venue)
CROSS JOIN LATERAL (
    SELECT day FROM board b WHERE b.venue = v.venue ORDER BY day DESC LIMIT 1
) d;
COMMENT ON VIEW venue_days IS 'The newest trading day of each venue, and when it began';

CREATE VIEW board_last AS
SELECT b.day, b.ts, b.symbol, b.venue, b.exchange, b.kind, i.sector, i.name_vi, i.name_en,
    array_to_string(i.aliases, ' ') AS aliases, i.underlying, i.multiplier, b.phase,
    b.trading_status, b.reference, b.ceiling, b.floor, b.last, b.last_volume,
    to_timestamp(b.last_ts_ms / 1000.0) AS last_ts, b.change, b.change_percent,
    zone(b.last, b.reference, b.ceiling, b.floor) AS zone,
    b.bids[1][1] AS bid1_price, b.bids[1][2] AS bid1_volume,
    b.bids[2][1] AS bid2_price, b.bids[2][2] AS bid2_volume,
    b.bids[3][1] AS bid3_price, b.bids[3][2] AS bid3_volume,
    b.asks[1][1] AS ask1_price, b.asks[1][2] AS ask1_volume,
    b.asks[2][1] AS ask2_price, b.asks[2][2] AS ask2_volume,
    b.asks[3][1] AS ask3_price, b.asks[3][2] AS ask3_volume,
    b.auction_bid_volume, b.auction_ask_volume, b.total_volume, b.total_value, b.open, b.high,
    b.low, b.average, b.expected_price, b.expected_volume,
    zone(b.expected_price, b.reference, b.ceiling, b.floor) AS expected_zone,
    b.foreign_buy_volume, b.foreign_sell_volume, b.foreign_buy_value, b.foreign_sell_value,
    b.foreign_buy_volume - b.foreign_sell_volume AS foreign_net_volume,
    b.foreign_buy_value - b.foreign_sell_value AS foreign_net_value,
    b.foreign_room, b.put_through_volume, b.odd_lot_volume, b.open_interest
FROM venue_days d
JOIN board b ON (b.venue, b.day) = (d.venue, d.day)
LEFT JOIN instruments i USING (symbol);
COMMENT ON VIEW board_last IS 'The price board of the newest day of each venue, with its colours';

CREATE VIEW flow_last AS
SELECT
    f.ts, b.symbol, f.seq, f.feed, f.part, f.venue, f.day, p.phase, f.total_volume, f.total_value,
    f.buy_volume, f.buy_value, f.buy_count, f.sell_volume, f.sell_value, f.sell_count,
    f.neutral_volume, f.neutral_value, f.neutral_count, f.unknown_volume, f.unknown_count,
    f.unexplained_volume, f.final
FROM venue_days d
JOIN board b ON (b.venue, b.day) = (d.venue, d.day)
CROSS JOIN (VALUES ('day'), ('ato'), ('continuous'), ('break'), ('atc'), ('plo'), ('periodic'),
    ('put_through'), ('halted')) p (phase)
CROSS JOIN LATERAL (
    SELECT * FROM session_flow f
    WHERE f.symbol = b.symbol AND f.phase = p.phase
        AND f.ts >= d.begins AND f.ts < d.begins + INTERVAL '2 days'
    ORDER BY f.ts DESC, f.seq DESC, f.part DESC LIMIT 1
) f
WHERE f.day = d.day;
COMMENT ON VIEW flow_last IS
    'Who was active, per symbol and phase (day: all), on the newest day of its venue';

CREATE VIEW foreign_last AS
SELECT
    f.ts, b.symbol, f.seq, f.feed, f.part, f.venue, f.day, f.exchange, f.buy_volume,
    f.sell_volume, f.net_volume, f.buy_value, f.sell_value, f.net_value, f.value_basis,
    f.delta_volume, f.delta_value, f.resets, f.total_volume, f.share, f.price, f.room,
    f.total_room, f.speed_volume_1m, f.speed_volume_5m, f.speed_volume_15m, f.speed_value_1m,
    f.speed_value_5m, f.speed_value_15m, f.acceleration_volume_1m, f.acceleration_volume_5m,
    f.acceleration_volume_15m, f.acceleration_value_1m, f.acceleration_value_5m,
    f.acceleration_value_15m, f.share_1m, f.share_5m, f.share_15m, f.price_change_1m,
    f.price_change_5m, f.price_change_15m, f.correlation_1m, f.correlation_5m, f.correlation_15m
FROM venue_days d
JOIN board b ON (b.venue, b.day) = (d.venue, d.day)
CROSS JOIN LATERAL (
    SELECT * FROM foreign_flow f
    WHERE f.symbol = b.symbol AND f.ts >= d.begins AND f.ts < d.begins + INTERVAL '2 days'
    ORDER BY f.ts DESC, f.seq DESC, f.part DESC LIMIT 1
) f
WHERE f.day = d.day;
COMMENT ON VIEW foreign_last IS 'Foreign trading of each symbol on the newest day of its venue';

CREATE VIEW basis_last AS
SELECT
    f.ts, b.symbol, f.seq, f.feed, f.part, f.venue, f.day, f.underlying, f.alias, f.continuous,
    f.continuous_since, f.roll, f.phase, f.future, f.spot, f.spot_kind, f.basis, f.basis_percent,
    f.mid_basis, f.mid_basis_percent, f.direction, f.spot_stale, f.future_stale, f.stale,
    f.last_trading_day, f.days_to_expiry, f.rate, f.dividend_yield, f.fair_value, f.carry,
    f.z_score, f.future_change_5m, f.spot_change_5m, f.divergence, f.total_volume,
    f.open_interest, f.open_interest_prior, f.foreign_net_volume, f.settlement_estimate,
    f.settlement_values
FROM venue_days d
JOIN board b ON (b.venue, b.day, b.kind) = (d.venue, d.day, 'future')
CROSS JOIN LATERAL (
    SELECT * FROM basis f
    WHERE f.symbol = b.symbol AND f.ts >= d.begins AND f.ts < d.begins + INTERVAL '2 days'
    ORDER BY f.ts DESC, f.seq DESC, f.part DESC LIMIT 1
) f
WHERE f.day = d.day;
COMMENT ON VIEW basis_last IS 'Each future beside its index on the newest day of its venue';

CREATE VIEW day_last AS
SELECT d.day, f.ts, b.symbol, b.venue, b.exchange, f.open, f.high, f.low, f.average,
    f.total_volume, f.total_value, f.put_through_volume, f.put_through_value, f.odd_lot_volume
FROM venue_days d
JOIN board b ON (b.venue, b.day) = (d.venue, d.day)
CROSS JOIN LATERAL (
    SELECT * FROM market_day f
    WHERE f.symbol = b.symbol AND f.ts >= d.begins AND f.ts < d.begins + INTERVAL '2 days'
    ORDER BY f.ts DESC, f.seq DESC, f.part DESC LIMIT 1
) f;
COMMENT ON VIEW day_last IS 'What the vendor says of a symbol''s newest day; put-through too';

CREATE VIEW quote_levels AS
SELECT b.symbol, q.ts, l.side, l.level, l.price, l.volume,
    zone(l.price, b.reference, b.ceiling, b.floor) AS zone
FROM venue_days d
JOIN board b ON (b.venue, b.day) = (d.venue, d.day)
CROSS JOIN LATERAL (
    SELECT * FROM market_quote q
    WHERE q.symbol = b.symbol AND q.board = 'main'
        AND q.ts >= d.begins AND q.ts < d.begins + INTERVAL '2 days'
    ORDER BY q.ts DESC, q.seq DESC, q.part DESC LIMIT 1
) q
CROSS JOIN LATERAL (
    SELECT 'bid' AS side, n AS level, q.bids[n][1] AS price, q.bids[n][2] AS volume
    FROM generate_subscripts(q.bids, 1) n
    UNION ALL
    SELECT 'ask', n, q.asks[n][1], q.asks[n][2] FROM generate_subscripts(q.asks, 1) n
) l;
COMMENT ON VIEW quote_levels IS 'The newest quote of each symbol, a row a level, 1 is the best';

CREATE VIEW breadth_last AS
SELECT
    f.ts, s.symbol, f.seq, f.feed, f.part, f.venue, f.scope, f.day, f.members, f.advances,
    f.declines, f.unchanged, f.ceilings, f.floors, f.not_traded, f.unpriced, f.total_volume,
    f.total_value, f.unvalued, f.foreign_buy_volume, f.foreign_buy_value, f.foreign_sell_volume,
    f.foreign_sell_value, f.foreign_net_volume, f.foreign_net_value, f.buy_volume, f.buy_value,
    f.sell_volume, f.sell_value, f.unknown_volume
FROM venue_days d
CROSS JOIN (
    SELECT 'VN' AS symbol
    UNION SELECT exchange FROM instruments WHERE kind = 'stock'
    UNION SELECT coalesce(sector, 'unknown') FROM instruments WHERE kind = 'stock'
    UNION SELECT symbol FROM instruments_basket
) s
CROSS JOIN LATERAL (
    SELECT * FROM market_summary f
    WHERE f.symbol = s.symbol AND f.ts >= d.begins AND f.ts < d.begins + INTERVAL '2 days'
    ORDER BY f.ts DESC, f.seq DESC, f.part DESC LIMIT 1
) f
WHERE d.venue = 'VN' AND f.day = d.day;
COMMENT ON VIEW breadth_last IS 'Breadth and sums of the market, exchanges, indices and sectors';

CREATE VIEW leaders_last AS
SELECT f.ts, f.day, l.list, e.rank, e.item ->> 'symbol' AS symbol,
    (e.item ->> 'net_volume')::double precision AS net_volume,
    (e.item ->> 'net_value')::double precision AS net_value
FROM venue_days d
CROSS JOIN LATERAL (
    SELECT * FROM market_leaders f
    WHERE f.symbol = d.venue AND f.ts >= d.begins AND f.ts < d.begins + INTERVAL '2 days'
    ORDER BY f.ts DESC, f.seq DESC, f.part DESC LIMIT 1
) f
CROSS JOIN LATERAL (VALUES ('foreign_buyers', f.foreign_buyers),
    ('foreign_sellers', f.foreign_sellers), ('active_buyers', f.active_buyers),
    ('active_sellers', f.active_sellers)) l (list, items)
CROSS JOIN LATERAL jsonb_array_elements(l.items) WITH ORDINALITY e (item, rank);
COMMENT ON VIEW leaders_last IS 'Shares with the largest net values of the day, rank 1 first';

CREATE VIEW index_last AS
SELECT v.ts, v.symbol, v.value, v.prior, v.value - v.prior AS change,
    100 * (v.value - v.prior) / nullif(v.prior, 0) AS change_percent,
    zone(v.value, v.prior, NULL, NULL) AS zone, v.estimated_value, v.phase, v.advances,
    v.declines, v.unchanged, v.ceilings, v.floors, v.total_volume, v.total_value,
    v.put_through_volume, v.put_through_value, e.value AS estimate, e.error AS estimate_error,
    e.error_percent AS estimate_error_percent, e.weights_source
FROM index_values v
LEFT JOIN LATERAL (
    SELECT * FROM index_estimates e
    WHERE e.symbol = v.symbol AND e.ts > v.ts - INTERVAL '1 day' AND e.ts < v.ts + INTERVAL '1 day'
    ORDER BY e.ts DESC, e.seq DESC, e.part DESC LIMIT 1
) e ON true;
COMMENT ON VIEW index_last IS 'The newest value of each index, and its estimate';

CREATE VIEW basket_members AS
SELECT b.symbol AS index_symbol, m.symbol, m.shares, m.free_float, m.cap
FROM instruments_basket b CROSS JOIN LATERAL jsonb_to_recordset(b.members)
    m (symbol text, shares double precision, free_float double precision, cap double precision);
COMMENT ON VIEW basket_members IS 'Members of each index';

CREATE VIEW symbols AS
SELECT symbol, venue, exchange, kind, name_vi, name_en, sector, underlying,
    array_to_string(aliases, ' ') AS aliases, last_trading_day
FROM instruments;
COMMENT ON VIEW symbols IS 'For lists to choose from';

CREATE VIEW session_state AS
SELECT venue, exchange, phase, trading_status, ts FROM sessions WHERE symbol = '*';
COMMENT ON VIEW session_state IS 'The phase of each exchange';

CREATE VIEW flow_market_1m AS
SELECT b.scope, b.symbol, b.day, b.ts, b.buy_value - p.buy_value AS buy_value,
    b.sell_value - p.sell_value AS sell_value,
    (b.buy_value - p.buy_value) - (b.sell_value - p.sell_value) AS net_value,
    b.foreign_net_value - p.foreign_net_value AS foreign_net_value,
    b.total_value - p.total_value AS total_value
FROM breadth_1m b
LEFT JOIN LATERAL (
    SELECT * FROM market_summary p
    WHERE p.symbol = b.symbol AND p.day = b.day
        AND p.ts < b.ts AND p.ts > b.ts - INTERVAL '1 day'
    ORDER BY p.ts DESC, p.seq DESC, p.part DESC LIMIT 1
) p ON true;
COMMENT ON VIEW flow_market_1m IS
    'What a minute added to the sums of breadth_1m; null in the first minute of a day';
