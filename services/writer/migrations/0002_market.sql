-- One hypertable a message type of `market`; a trade is stored once, classified; clocks are not.
--
-- ts is the exchange's time, seq the order of the venue. Levels are {{price, volume}, ...}, best
-- first. A status or a gap of a whole venue has the symbol '*' in every venue: their key has the
-- venue.

CREATE TABLE market_quote (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    bid_price double precision,
    bid_volume double precision,
    bids double precision[] NOT NULL,
    ask_price double precision,
    ask_volume double precision,
    asks double precision[] NOT NULL,
    board text NOT NULL,
    phase text NOT NULL,
    auction_bid_volume double precision,
    auction_ask_volume double precision,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_quote', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_book_delta (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    bids double precision[] NOT NULL,
    asks double precision[] NOT NULL,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    snapshot boolean NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_book_delta', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_foreign (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    total_room bigint,
    current_room bigint,
    buy_volume bigint,
    sell_volume bigint,
    buy_value double precision,
    sell_value double precision,
    value_basis text NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_foreign', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_day (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    open double precision,
    high double precision,
    low double precision,
    average double precision,
    total_volume double precision,
    total_value double precision,
    put_through_volume double precision,
    put_through_value double precision,
    odd_lot_volume double precision,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_day', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_index (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    value double precision NOT NULL,
    prior double precision,
    estimated_value double precision,
    phase text NOT NULL,
    advances bigint,
    declines bigint,
    unchanged bigint,
    ceilings bigint,
    floors bigint,
    total_volume double precision,
    total_value double precision,
    put_through_volume double precision,
    put_through_value double precision,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_index', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_auction (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    expected_price double precision,
    expected_volume double precision,
    phase text NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_auction', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_open_interest (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    value bigint NOT NULL,
    prior bigint,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_open_interest', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_candle (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    interval text NOT NULL,
    open double precision NOT NULL,
    high double precision NOT NULL,
    low double precision NOT NULL,
    close double precision NOT NULL,
    volume double precision NOT NULL,
    closed boolean NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_candle', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_instrument (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    venue text NOT NULL,
    exchange text NOT NULL,
    kind text NOT NULL,
    aliases text[] NOT NULL,
    name_vi text,
    name_en text,
    isin text,
    sector text,
    underlying text,
    first_trading_day text,
    last_trading_day text,
    multiplier double precision NOT NULL,
    inverse boolean NOT NULL,
    lot double precision NOT NULL,
    price_steps double precision[] NOT NULL,
    reference double precision,
    ceiling double precision,
    floor double precision,
    listed_shares bigint,
    trading_status text,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_instrument', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_basket (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    members jsonb NOT NULL,
    effective_date text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_basket', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_status (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    venue text NOT NULL,
    exchange text NOT NULL,
    phase text,
    trading_status text,
    PRIMARY KEY (symbol, ts, seq, part, venue)
);
SELECT create_hypertable(
    'market_status', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE TABLE market_gap (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    venue text NOT NULL,
    channel text NOT NULL,
    cause text NOT NULL,
    from_ts_ms bigint NOT NULL,
    to_ts_ms bigint NOT NULL,
    missing_volume double precision,
    missing_value double precision,
    missing_count bigint,
    PRIMARY KEY (symbol, ts, seq, part, venue)
);
SELECT create_hypertable(
    'market_gap', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
