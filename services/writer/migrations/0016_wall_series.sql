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

CREATE VIEW flow_1m_kept AS
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
FROM flow_1m_kept f LEFT JOIN instruments i USING (symbol);
COMMENT ON VIEW flow_1m IS
    'Prints of the main board by their aggressor; values with the multiplier in them, null where '
    'nobody has said it';

CREATE VIEW accuracy_1m AS
SELECT symbol, ts, trades, vendor_named, compared, agreed FROM flow_1m_kept;
COMMENT ON VIEW accuracy_1m IS
    'How often the inferred aggressor is the one that the vendor names: agreed of compared';

-- Of these a minute shows its newest row. The numbers go through last() as one array: an aggregate
-- for each would cost a minute of a busy index twenty times as much.

CREATE VIEW foreign_1m_kept AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    sum(delta_volume)::double precision AS delta_volume,
    sum(delta_value)::double precision AS delta_value,
    last(exchange, seq * 256 + part) AS exchange,
    last(ARRAY[
        buy_volume, sell_volume, net_volume, buy_value, sell_value, net_value, total_volume,
        share, price, room, total_room, speed_volume_1m, speed_volume_5m, speed_volume_15m,
        speed_value_1m, speed_value_5m, speed_value_15m, acceleration_volume_1m,
        acceleration_volume_5m, acceleration_volume_15m, acceleration_value_1m,
        acceleration_value_5m, acceleration_value_15m, share_1m, share_5m, share_15m,
        price_change_1m, price_change_5m, price_change_15m, correlation_1m, correlation_5m,
        correlation_15m
    ], seq * 256 + part) AS figures
FROM foreign_flow GROUP BY 1, 2;
CREATE VIEW foreign_1m AS
SELECT
    symbol, ts, delta_volume, delta_value, exchange, figures[1] AS buy_volume,
    figures[2] AS sell_volume, figures[3] AS net_volume, figures[4] AS buy_value,
    figures[5] AS sell_value, figures[6] AS net_value, figures[7] AS total_volume,
    figures[8] AS share, figures[9] AS price, figures[10] AS room, figures[11] AS total_room,
    figures[12] AS speed_volume_1m, figures[13] AS speed_volume_5m,
    figures[14] AS speed_volume_15m, figures[15] AS speed_value_1m, figures[16] AS speed_value_5m,
    figures[17] AS speed_value_15m, figures[18] AS acceleration_volume_1m,
    figures[19] AS acceleration_volume_5m, figures[20] AS acceleration_volume_15m,
    figures[21] AS acceleration_value_1m, figures[22] AS acceleration_value_5m,
    figures[23] AS acceleration_value_15m, figures[24] AS share_1m, figures[25] AS share_5m,
    figures[26] AS share_15m, figures[27] AS price_change_1m, figures[28] AS price_change_5m,
    figures[29] AS price_change_15m, figures[30] AS correlation_1m, figures[31] AS correlation_5m,
    figures[32] AS correlation_15m
FROM foreign_1m_kept;
COMMENT ON VIEW foreign_1m IS
    'Foreign trading as it stood at the end of each minute (sums are of the day so far); delta is '
    'the net of that minute';

CREATE VIEW basis_1m_kept AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    first(basis, seq * 256 + part) FILTER (WHERE basis IS NOT NULL) AS basis_open,
    max(basis) AS basis_high, min(basis) AS basis_low,
    last(continuous, seq * 256 + part) AS continuous,
    last(underlying, seq * 256 + part) AS underlying,
    last(phase, seq * 256 + part) AS phase,
    last(spot_kind, seq * 256 + part) AS spot_kind,
    last(stale, seq * 256 + part) AS stale,
    last(direction, seq * 256 + part) AS direction,
    last(ARRAY[
        future, spot, basis, basis_percent, mid_basis, mid_basis_percent, fair_value, carry,
        z_score, divergence, future_change_5m, spot_change_5m, days_to_expiry, total_volume,
        open_interest, foreign_net_volume, settlement_estimate
    ], seq * 256 + part) AS figures
FROM basis GROUP BY 1, 2;
CREATE VIEW basis_1m AS
SELECT
    symbol, ts, basis_open, basis_high, basis_low, continuous, underlying, phase, spot_kind,
    stale, direction, figures[1] AS future, figures[2] AS spot, figures[3] AS basis,
    figures[4] AS basis_percent, figures[5] AS mid_basis, figures[6] AS mid_basis_percent,
    figures[7] AS fair_value, figures[8] AS carry, figures[9] AS z_score,
    figures[10] AS divergence, figures[11] AS future_change_5m, figures[12] AS spot_change_5m,
    figures[13] AS days_to_expiry, figures[14] AS total_volume, figures[15] AS open_interest,
    figures[16] AS foreign_net_volume, figures[17] AS settlement_estimate
FROM basis_1m_kept;
COMMENT ON VIEW basis_1m IS
    'Each contract beside its index as it stood at the end of the minute';

CREATE VIEW breadth_1m_kept AS
SELECT symbol, scope, day, time_bucket(INTERVAL '1 minute', ts) AS ts,
    last(ARRAY[
        members, advances, declines, unchanged, ceilings, floors, not_traded, unpriced,
        total_volume, total_value, unvalued, foreign_buy_value, foreign_sell_value,
        foreign_net_volume, foreign_net_value, buy_volume, buy_value, sell_volume, sell_value,
        unknown_volume
    ], seq * 256 + part) AS figures
FROM market_summary GROUP BY 1, 2, 3, 4;
CREATE VIEW breadth_1m AS
SELECT
    symbol, scope, day, ts, figures[1] AS members, figures[2] AS advances, figures[3] AS declines,
    figures[4] AS unchanged, figures[5] AS ceilings, figures[6] AS floors,
    figures[7] AS not_traded, figures[8] AS unpriced, figures[9] AS total_volume,
    figures[10] AS total_value, figures[11] AS unvalued, figures[12] AS foreign_buy_value,
    figures[13] AS foreign_sell_value, figures[14] AS foreign_net_volume,
    figures[15] AS foreign_net_value, figures[16] AS buy_volume, figures[17] AS buy_value,
    figures[18] AS sell_volume, figures[19] AS sell_value, figures[20] AS unknown_volume
FROM breadth_1m_kept;
COMMENT ON VIEW breadth_1m IS
    'Breadth and sums of some shares (VN, HOSE, VN30, banks) as they stood at the end of the '
    'minute, of the day so far';

CREATE VIEW index_1m_kept AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    last(phase, seq * 256 + part) AS phase,
    last(ARRAY[
        value, prior, estimated_value, advances, declines, unchanged, ceilings, floors,
        total_volume, total_value, put_through_volume, put_through_value
    ], seq * 256 + part) AS figures
FROM market_index GROUP BY 1, 2;
CREATE VIEW index_1m AS
SELECT
    symbol, ts, phase, figures[1] AS value, figures[2] AS prior, figures[3] AS estimated_value,
    figures[4] AS advances, figures[5] AS declines, figures[6] AS unchanged,
    figures[7] AS ceilings, figures[8] AS floors, figures[9] AS total_volume,
    figures[10] AS total_value, figures[11] AS put_through_volume,
    figures[12] AS put_through_value
FROM index_1m_kept;
COMMENT ON VIEW index_1m IS
    'Each index as it was published last in the minute, points';

CREATE VIEW index_error_1m_kept AS
SELECT symbol, time_bucket(INTERVAL '1 minute', ts) AS ts,
    max(abs(error)) AS error_max,
    last(weights_source, seq * 256 + part) AS weights_source,
    last(ARRAY[
        value, expected_value, published, prior, error, error_percent, members, traded
    ], seq * 256 + part) AS figures
FROM index_estimates GROUP BY 1, 2;
CREATE VIEW index_error_1m AS
SELECT
    symbol, ts, error_max, weights_source, figures[1] AS estimate, figures[2] AS expected_value,
    figures[3] AS published, figures[4] AS prior, figures[5] AS error,
    figures[6] AS error_percent, figures[7] AS members, figures[8] AS traded
FROM index_error_1m_kept;
COMMENT ON VIEW index_error_1m IS
    'The recomputed index beside the published one at the end of the minute; error_max is the '
    'largest error of the minute, points';
