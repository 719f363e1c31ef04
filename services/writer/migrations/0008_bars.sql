-- Bars: of each the newest message. Open ones are replaced where they stand, once a second.

CREATE TABLE bars (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL,
    feed text NOT NULL,
    venue text NOT NULL,
    interval text NOT NULL,
    kind text NOT NULL,
    phase text NOT NULL,
    number bigint NOT NULL,
    end_ms bigint NOT NULL,
    open double precision NOT NULL,
    high double precision NOT NULL,
    low double precision NOT NULL,
    close double precision NOT NULL,
    volume double precision NOT NULL,
    vwap double precision,
    trades bigint NOT NULL,
    buy_volume double precision,
    sell_volume double precision,
    delta double precision,
    min_delta double precision,
    max_delta double precision,
    final boolean NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (symbol, interval, ts, phase, number)
) WITH (fillfactor = 70);
-- fillfactor: a row that is replaced finds room in its own page, and no index changes.
SELECT create_hypertable(
    'bars', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);

COMMENT ON TABLE bars IS
    'What traded in a span of time (5m), of trades (100t), of volume (100000v) or of price (0.5%). '
    'Bars of one interval share no trade: they may be added up. phase tells an auction''s bar from '
    'the one of continuous trading that begins with it';
COMMENT ON COLUMN bars.ts IS
    'Where the bar begins; of a day local midnight (VN at UTC+7, crypto at UTC)';
COMMENT ON COLUMN bars.number IS
    'Of time bars 0, or above for trades that came when their bar was gone: to be added to it. Of '
    'others it counts the bars of the day';
COMMENT ON COLUMN bars.end_ms IS
    'Of time bars where the span ends, not in it; of others the time of the last trade';
COMMENT ON COLUMN bars.volume IS 'Shares, contracts or coins of the main board, of all sides';
COMMENT ON COLUMN bars.delta IS
    'Active buys - active sells; min_delta and max_delta on the way. Null for an index';
COMMENT ON COLUMN bars.final IS 'The bar is over; a higher revision corrects it';
