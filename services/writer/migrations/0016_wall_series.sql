-- What walls draw over time: a row a symbol and minute, or more; `ts` is where it begins.
--
-- Here these are plain views over the tables. On the Community edition a later file puts continuous
-- aggregates of the very same figures behind them: so each is one SELECT that groups by a bucket,
-- and what needs more stands in views on top. Of several rows of one bucket the newest counts, by
-- seq * 256 + part: one number, because first() and last() take no pair.

CREATE VIEW bars_1m AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    -- Within a minute the opening auction comes first and the closing one last; a bar of late
    -- trades (number) comes behind the bar that it is to be added to.
    first(open, number + CASE phase WHEN 'ato' THEN 0 WHEN 'atc' THEN 2000000000
        WHEN 'plo' THEN 3000000000 ELSE 1000000000 END) AS open,
    max(high) AS high, min(low) AS low,
    last(close, number + CASE phase WHEN 'ato' THEN 0 WHEN 'atc' THEN 2000000000
        WHEN 'plo' THEN 3000000000 ELSE 1000000000 END) AS close,
    sum(volume) AS volume, sum(vwap * volume) AS turnover,
    sum(vwap * volume) / nullif(sum(volume), 0) AS vwap, sum(trades)::bigint AS trades,
    sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(delta) AS delta
FROM bars WHERE interval = '1m' GROUP BY 1, 2;
COMMENT ON VIEW bars_1m IS
    'The main board minute by minute, auctions within their minute; indices too. turnover is '
    'price x volume without a multiplier, vwap the mean price by volume';

CREATE VIEW bars_5m AS
SELECT symbol, time_bucket(INTERVAL '5 minutes', ts) AS ts,
    first(open, ts) AS open, max(high) AS high,
    min(low) AS low, last(close, ts) AS close, sum(volume) AS volume, sum(turnover) AS turnover,
    sum(turnover) / nullif(sum(volume), 0) AS vwap, sum(trades)::bigint AS trades,
    sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(delta) AS delta
FROM bars_1m GROUP BY 1, 2;

CREATE VIEW bars_15m AS
SELECT symbol, time_bucket(INTERVAL '15 minutes', ts) AS ts,
    first(open, ts) AS open, max(high) AS high,
    min(low) AS low, last(close, ts) AS close, sum(volume) AS volume, sum(turnover) AS turnover,
    sum(turnover) / nullif(sum(volume), 0) AS vwap, sum(trades)::bigint AS trades,
    sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(delta) AS delta
FROM bars_1m GROUP BY 1, 2;

CREATE VIEW bars_30m AS
SELECT symbol, time_bucket(INTERVAL '30 minutes', ts) AS ts,
    first(open, ts) AS open, max(high) AS high,
    min(low) AS low, last(close, ts) AS close, sum(volume) AS volume, sum(turnover) AS turnover,
    sum(turnover) / nullif(sum(volume), 0) AS vwap, sum(trades)::bigint AS trades,
    sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(delta) AS delta
FROM bars_1m GROUP BY 1, 2;

CREATE VIEW bars_1h AS
SELECT symbol, time_bucket(INTERVAL '1 hour', ts) AS ts,
    first(open, ts) AS open, max(high) AS high,
    min(low) AS low, last(close, ts) AS close, sum(volume) AS volume, sum(turnover) AS turnover,
    sum(turnover) / nullif(sum(volume), 0) AS vwap, sum(trades)::bigint AS trades,
    sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(delta) AS delta
FROM bars_1m GROUP BY 1, 2;

-- Days are those of orderflow, which end where the venue's day does (VN at UTC+7, crypto at UTC);
-- both begin on the same date at UTC+7, and are shown at its midnight.
CREATE VIEW bars_1d AS
SELECT symbol, time_bucket(INTERVAL '1 day', ts, 'Asia/Ho_Chi_Minh') AS ts,
    first(open, number) AS open, max(high) AS high, min(low) AS low, last(close, number) AS close,
    sum(volume) AS volume, sum(vwap * volume) AS turnover,
    sum(vwap * volume) / nullif(sum(volume), 0) AS vwap, sum(trades)::bigint AS trades,
    sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(delta) AS delta
FROM bars WHERE interval = '1d' GROUP BY 1, 2;

CREATE VIEW bars_1w AS
SELECT symbol, time_bucket(INTERVAL '1 week', ts, 'Asia/Ho_Chi_Minh') AS ts,
    first(open, ts) AS open, max(high) AS high,
    min(low) AS low, last(close, ts) AS close, sum(volume) AS volume, sum(turnover) AS turnover,
    sum(turnover) / nullif(sum(volume), 0) AS vwap, sum(trades)::bigint AS trades,
    sum(buy_volume) AS buy_volume, sum(sell_volume) AS sell_volume, sum(delta) AS delta
FROM bars_1d GROUP BY 1, 2;

CREATE VIEW flow_1m_sums AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts, count(*) AS trades,
    coalesce(sum(volume) FILTER (WHERE side = 'buy'), 0) AS buy_volume,
    coalesce(sum(price * volume) FILTER (WHERE side = 'buy'), 0) AS buy_turnover,
    coalesce(sum(volume) FILTER (WHERE side = 'sell'), 0) AS sell_volume,
    coalesce(sum(price * volume) FILTER (WHERE side = 'sell'), 0) AS sell_turnover,
    coalesce(sum(volume) FILTER (WHERE side = 'neutral'), 0) AS neutral_volume,
    coalesce(sum(price * volume) FILTER (WHERE side = 'neutral'), 0) AS neutral_turnover,
    coalesce(sum(volume) FILTER (WHERE side = 'unknown'), 0) AS unknown_volume,
    coalesce(sum(price * volume) FILTER (WHERE side = 'unknown'), 0) AS unknown_turnover,
    count(*) FILTER (WHERE side = 'buy') AS buy_count,
    count(*) FILTER (WHERE side = 'sell') AS sell_count,
    count(vendor_side) AS vendor_named,
    count(*) FILTER (WHERE vendor_side IS NOT NULL AND inferred_side IS NOT NULL) AS compared,
    count(*) FILTER (WHERE vendor_side = inferred_side) AS agreed
FROM trades_classified WHERE board = 'main' GROUP BY 1, 2;

CREATE VIEW flow_1m AS
SELECT f.symbol, f.ts, i.exchange, i.kind, f.trades,
    f.buy_volume, f.sell_volume, f.neutral_volume, f.unknown_volume,
    CASE WHEN i.inverse THEN f.buy_volume ELSE f.buy_turnover END * i.multiplier
        AS buy_value,
    CASE WHEN i.inverse THEN f.sell_volume ELSE f.sell_turnover END * i.multiplier
        AS sell_value,
    CASE WHEN i.inverse THEN f.neutral_volume ELSE f.neutral_turnover END * i.multiplier
        AS neutral_value,
    CASE WHEN i.inverse THEN f.unknown_volume ELSE f.unknown_turnover END * i.multiplier
        AS unknown_value,
    f.buy_count, f.sell_count
FROM flow_1m_sums f LEFT JOIN instruments i USING (symbol);
COMMENT ON VIEW flow_1m IS
    'Prints of the main board by their aggressor; values with the multiplier in them, null where '
    'nobody has said it';

CREATE VIEW accuracy_1m AS
SELECT symbol, ts, trades, vendor_named, compared, agreed FROM flow_1m_sums;
COMMENT ON VIEW accuracy_1m IS
    'How often the inferred aggressor is the one that the vendor names: agreed of compared';

CREATE VIEW foreign_1m AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    sum(delta_volume)::double precision AS delta_volume,
    sum(delta_value)::double precision AS delta_value,
    last(exchange, seq * 256 + part) AS exchange,
    last(buy_volume, seq * 256 + part) AS buy_volume,
    last(sell_volume, seq * 256 + part) AS sell_volume,
    last(net_volume, seq * 256 + part) AS net_volume,
    last(buy_value, seq * 256 + part) AS buy_value,
    last(sell_value, seq * 256 + part) AS sell_value,
    last(net_value, seq * 256 + part) AS net_value,
    last(total_volume, seq * 256 + part) AS total_volume,
    last(share, seq * 256 + part) AS share,
    last(price, seq * 256 + part) AS price,
    last(room, seq * 256 + part) AS room,
    last(total_room, seq * 256 + part) AS total_room,
    last(speed_volume_1m, seq * 256 + part) AS speed_volume_1m,
    last(speed_volume_5m, seq * 256 + part) AS speed_volume_5m,
    last(speed_volume_15m, seq * 256 + part) AS speed_volume_15m,
    last(speed_value_1m, seq * 256 + part) AS speed_value_1m,
    last(speed_value_5m, seq * 256 + part) AS speed_value_5m,
    last(speed_value_15m, seq * 256 + part) AS speed_value_15m,
    last(acceleration_volume_1m, seq * 256 + part) AS acceleration_volume_1m,
    last(acceleration_volume_5m, seq * 256 + part) AS acceleration_volume_5m,
    last(acceleration_volume_15m, seq * 256 + part) AS acceleration_volume_15m,
    last(acceleration_value_1m, seq * 256 + part) AS acceleration_value_1m,
    last(acceleration_value_5m, seq * 256 + part) AS acceleration_value_5m,
    last(acceleration_value_15m, seq * 256 + part) AS acceleration_value_15m,
    last(share_1m, seq * 256 + part) AS share_1m,
    last(share_5m, seq * 256 + part) AS share_5m,
    last(share_15m, seq * 256 + part) AS share_15m,
    last(price_change_1m, seq * 256 + part) AS price_change_1m,
    last(price_change_5m, seq * 256 + part) AS price_change_5m,
    last(price_change_15m, seq * 256 + part) AS price_change_15m,
    last(correlation_1m, seq * 256 + part) AS correlation_1m,
    last(correlation_5m, seq * 256 + part) AS correlation_5m,
    last(correlation_15m, seq * 256 + part) AS correlation_15m
FROM foreign_flow GROUP BY 1, 2;
COMMENT ON VIEW foreign_1m IS
    'Foreign trading as it stood at the end of each minute (sums are of the day so far); delta is '
    'the net of that minute';

CREATE VIEW basis_1m AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    first(basis, seq * 256 + part) FILTER (WHERE basis IS NOT NULL) AS basis_open,
    max(basis) AS basis_high, min(basis) AS basis_low,
    last(continuous, seq * 256 + part) AS continuous,
    last(underlying, seq * 256 + part) AS underlying,
    last(phase, seq * 256 + part) AS phase,
    last(future, seq * 256 + part) AS future,
    last(spot, seq * 256 + part) AS spot,
    last(spot_kind, seq * 256 + part) AS spot_kind,
    last(basis, seq * 256 + part) AS basis,
    last(basis_percent, seq * 256 + part) AS basis_percent,
    last(mid_basis, seq * 256 + part) AS mid_basis,
    last(mid_basis_percent, seq * 256 + part) AS mid_basis_percent,
    last(fair_value, seq * 256 + part) AS fair_value,
    last(carry, seq * 256 + part) AS carry,
    last(z_score, seq * 256 + part) AS z_score,
    last(divergence, seq * 256 + part) AS divergence,
    last(future_change_5m, seq * 256 + part) AS future_change_5m,
    last(spot_change_5m, seq * 256 + part) AS spot_change_5m,
    last(days_to_expiry, seq * 256 + part) AS days_to_expiry,
    last(total_volume, seq * 256 + part) AS total_volume,
    last(open_interest, seq * 256 + part) AS open_interest,
    last(foreign_net_volume, seq * 256 + part) AS foreign_net_volume,
    last(stale, seq * 256 + part) AS stale,
    last(direction, seq * 256 + part) AS direction,
    last(settlement_estimate, seq * 256 + part) AS settlement_estimate
FROM basis GROUP BY 1, 2;
COMMENT ON VIEW basis_1m IS 'Each contract beside its index as it stood at the end of the minute';

CREATE VIEW breadth_1m AS
SELECT symbol, scope, day, time_bucket(INTERVAL '1 minute', ts) AS ts,
    last(members, seq * 256 + part) AS members,
    last(advances, seq * 256 + part) AS advances,
    last(declines, seq * 256 + part) AS declines,
    last(unchanged, seq * 256 + part) AS unchanged,
    last(ceilings, seq * 256 + part) AS ceilings,
    last(floors, seq * 256 + part) AS floors,
    last(not_traded, seq * 256 + part) AS not_traded,
    last(unpriced, seq * 256 + part) AS unpriced,
    last(total_volume, seq * 256 + part) AS total_volume,
    last(total_value, seq * 256 + part) AS total_value,
    last(unvalued, seq * 256 + part) AS unvalued,
    last(foreign_buy_value, seq * 256 + part) AS foreign_buy_value,
    last(foreign_sell_value, seq * 256 + part) AS foreign_sell_value,
    last(foreign_net_volume, seq * 256 + part) AS foreign_net_volume,
    last(foreign_net_value, seq * 256 + part) AS foreign_net_value,
    last(buy_volume, seq * 256 + part) AS buy_volume,
    last(buy_value, seq * 256 + part) AS buy_value,
    last(sell_volume, seq * 256 + part) AS sell_volume,
    last(sell_value, seq * 256 + part) AS sell_value,
    last(unknown_volume, seq * 256 + part) AS unknown_volume
FROM market_summary GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW breadth_1m IS
    'Breadth and sums of some shares (VN, HOSE, VN30, banks) as they stood at the end of the '
    'minute, of the day so far';

CREATE VIEW index_1m AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    last(value, seq * 256 + part) AS value,
    last(prior, seq * 256 + part) AS prior,
    last(estimated_value, seq * 256 + part) AS estimated_value,
    last(phase, seq * 256 + part) AS phase,
    last(advances, seq * 256 + part) AS advances,
    last(declines, seq * 256 + part) AS declines,
    last(unchanged, seq * 256 + part) AS unchanged,
    last(ceilings, seq * 256 + part) AS ceilings,
    last(floors, seq * 256 + part) AS floors,
    last(total_volume, seq * 256 + part) AS total_volume,
    last(total_value, seq * 256 + part) AS total_value,
    last(put_through_volume, seq * 256 + part) AS put_through_volume,
    last(put_through_value, seq * 256 + part) AS put_through_value
FROM market_index GROUP BY 1, 2;
COMMENT ON VIEW index_1m IS 'Each index as it was published last in the minute, points';

CREATE VIEW index_error_1m AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    last(value, seq * 256 + part) AS estimate, max(abs(error)) AS error_max,
    last(expected_value, seq * 256 + part) AS expected_value,
    last(published, seq * 256 + part) AS published,
    last(prior, seq * 256 + part) AS prior,
    last(error, seq * 256 + part) AS error,
    last(error_percent, seq * 256 + part) AS error_percent,
    last(weights_source, seq * 256 + part) AS weights_source,
    last(members, seq * 256 + part) AS members,
    last(traded, seq * 256 + part) AS traded
FROM index_estimates GROUP BY 1, 2;
COMMENT ON VIEW index_error_1m IS
    'The recomputed index beside the published one at the end of the minute; error_max is the '
    'largest error of the minute, points';
