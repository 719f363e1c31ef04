-- Every trade once, with its aggressor.

CREATE TABLE trades_classified (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL,
    feed text NOT NULL,
    price double precision NOT NULL,
    volume double precision NOT NULL,
    side text NOT NULL,
    rule text,
    vendor_side text,
    inferred_side text,
    confidence double precision,
    phase text NOT NULL,
    board text NOT NULL,
    trade_id text,
    total_volume double precision,
    reference double precision,
    ceiling double precision,
    floor double precision,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'trades_classified', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

CREATE VIEW trades AS
SELECT ts, symbol, price, volume, side, confidence, phase, board, seq, part FROM trades_classified;
COMMENT ON VIEW trades IS 'For people: the columns of trades_classified that most look for';
