-- How foreign investors trade each symbol, as it went through the day.

CREATE TABLE foreign_flow (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    feed text NOT NULL,
    part integer NOT NULL,
    venue text NOT NULL,
    day date NOT NULL,
    exchange text,
    buy_volume bigint,
    sell_volume bigint,
    net_volume bigint,
    buy_value bigint,
    sell_value bigint,
    net_value bigint,
    value_basis text,
    delta_volume bigint,
    delta_value bigint,
    resets bigint NOT NULL,
    total_volume bigint,
    share double precision,
    price double precision,
    room bigint,
    total_room bigint,
    speed_volume_1m double precision,
    speed_volume_5m double precision,
    speed_volume_15m double precision,
    speed_value_1m double precision,
    speed_value_5m double precision,
    speed_value_15m double precision,
    acceleration_volume_1m double precision,
    acceleration_volume_5m double precision,
    acceleration_volume_15m double precision,
    acceleration_value_1m double precision,
    acceleration_value_5m double precision,
    acceleration_value_15m double precision,
    share_1m double precision,
    share_5m double precision,
    share_15m double precision,
    price_change_1m double precision,
    price_change_5m double precision,
    price_change_15m double precision,
    correlation_1m double precision,
    correlation_5m double precision,
    correlation_15m double precision,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'foreign_flow', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
-- The leaders of a moment; a query gives a range of ts too: an index is a chunk's own.
CREATE INDEX foreign_flow_time ON foreign_flow (ts DESC);

COMMENT ON TABLE foreign_flow IS
    'Foreign trading of a symbol since the day began, and over 1, 5 and 15 minutes of trading '
    'time. Null is unknown, never 0';
COMMENT ON COLUMN foreign_flow.ts IS 'When it was published, seq in ms: not the exchange''s time';
COMMENT ON COLUMN foreign_flow.day IS 'Trading day: the date at UTC+7';
COMMENT ON COLUMN foreign_flow.net_volume IS 'Bought less sold, shares or contracts, of the day';
COMMENT ON COLUMN foreign_flow.net_value IS 'VND, with the multiplier in it, of the day';
COMMENT ON COLUMN foreign_flow.value_basis IS
    'vendor: values are the vendor''s; price_times_volume: summed up at the vendor''s last prices';
COMMENT ON COLUMN foreign_flow.delta_volume IS
    'Net since the row before; null after a late start and after totals went back';
COMMENT ON COLUMN foreign_flow.resets IS 'How often the vendor''s totals went back that day';
COMMENT ON COLUMN foreign_flow.share IS
    '(bought + sold) / (2 x volume of the main board), a ratio, of the day';
COMMENT ON COLUMN foreign_flow.room IS 'Shares that foreigners may still buy: no flow';
COMMENT ON COLUMN foreign_flow.speed_volume_1m IS 'Net a minute, over 60 s of trading time';
COMMENT ON COLUMN foreign_flow.acceleration_volume_1m IS
    'The speed less that of a minute of trading time before, a minute';
COMMENT ON COLUMN foreign_flow.correlation_1m IS
    'Of the day''s net volume with the price, at each second of the window';
