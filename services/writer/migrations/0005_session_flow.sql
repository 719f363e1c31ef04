-- Who was active, per symbol and phase, as it went: the last row of a day and phase is its result.

CREATE TABLE session_flow (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL,
    feed text NOT NULL,
    venue text NOT NULL,
    day date NOT NULL,
    phase text NOT NULL,
    total_volume double precision NOT NULL,
    total_value double precision,
    buy_volume double precision NOT NULL,
    buy_value double precision,
    buy_count bigint NOT NULL,
    sell_volume double precision NOT NULL,
    sell_value double precision,
    sell_count bigint NOT NULL,
    neutral_volume double precision NOT NULL,
    neutral_value double precision,
    neutral_count bigint NOT NULL,
    unknown_volume double precision NOT NULL,
    unknown_count bigint NOT NULL,
    unexplained_volume double precision NOT NULL,
    final boolean NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'session_flow', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
-- The newest row of a symbol and phase; the key above serves one symbol's flow in time. A query
-- gives a range of ts too: an index is a chunk's own.
CREATE INDEX session_flow_newest ON session_flow (symbol, phase, seq DESC);

COMMENT ON TABLE session_flow IS
    'Sums since the day began of one phase of a symbol, or of its day: the row with the highest '
    '(seq, part) of a symbol, day and phase counts. buy + sell + neutral + unknown = total';
COMMENT ON COLUMN session_flow.ts IS 'When it was published, seq in ms: not the exchange''s time';
COMMENT ON COLUMN session_flow.day IS 'Trading day: of VN the date at UTC+7, of crypto of UTC';
COMMENT ON COLUMN session_flow.phase IS 'A phase with a print in it, or day: the whole day';
COMMENT ON COLUMN session_flow.total_volume IS 'Shares, contracts or coins, since the day began';
COMMENT ON COLUMN session_flow.total_value IS
    'VND or USDT with the multiplier in it; null where unknown';
COMMENT ON COLUMN session_flow.buy_volume IS 'Of prints whose aggressor bought';
COMMENT ON COLUMN session_flow.buy_count IS 'Prints';
COMMENT ON COLUMN session_flow.sell_volume IS 'Of prints whose aggressor sold';
COMMENT ON COLUMN session_flow.neutral_volume IS 'Of prints without an aggressor, as in auctions';
COMMENT ON COLUMN session_flow.unknown_volume IS
    'Of prints whose aggressor nobody knows, and what no print covers: lost, or before the start';
COMMENT ON COLUMN session_flow.unexplained_volume IS
    'Of a day: the vendor''s total less prints and announced gaps; 0 on a sound tape';
COMMENT ON COLUMN session_flow.final IS 'The phase, or the day, is over';
