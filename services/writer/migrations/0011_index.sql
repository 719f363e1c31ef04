-- The market-wide merge: indices recomputed, breadth and sums, leaders; a row a second at most.

CREATE TABLE index_estimates (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    feed text NOT NULL,
    part integer NOT NULL,
    day date NOT NULL,
    value double precision,
    expected_value double precision,
    prior double precision,
    published double precision,
    published_ts_ms bigint,
    published_expected double precision,
    phase text,
    error double precision,
    error_percent double precision,
    error_ts_ms bigint,
    weights_source text NOT NULL,
    fitted_from bigint NOT NULL,
    effective_date text NOT NULL,
    members bigint NOT NULL,
    traded bigint NOT NULL,
    without_reference bigint NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'index_estimates', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
COMMENT ON TABLE index_estimates IS
    'An index recomputed from its members'' trades, beside what is published; points';
COMMENT ON COLUMN index_estimates.ts IS 'The second that it closes, seq in ms';
COMMENT ON COLUMN index_estimates.value IS 'By the last trades; null where unknown, never 0';
COMMENT ON COLUMN index_estimates.expected_value IS 'By the expected prices of an auction';
COMMENT ON COLUMN index_estimates.error IS
    'Estimate - published, both of the exchange time error_ts_ms, by weights that had not seen it';
COMMENT ON COLUMN index_estimates.weights_source IS
    'file: reference data; fitted: learned from earlier published values; equal: nothing known';
COMMENT ON COLUMN index_estimates.fitted_from IS 'Published values that weights were learned from';

CREATE TABLE market_summary (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    feed text NOT NULL,
    part integer NOT NULL,
    venue text NOT NULL,
    scope text NOT NULL,
    day date NOT NULL,
    members bigint NOT NULL,
    advances bigint NOT NULL,
    declines bigint NOT NULL,
    unchanged bigint NOT NULL,
    ceilings bigint NOT NULL,
    floors bigint NOT NULL,
    not_traded bigint NOT NULL,
    unpriced bigint NOT NULL,
    total_volume bigint NOT NULL,
    total_value bigint NOT NULL,
    unvalued bigint NOT NULL,
    foreign_buy_volume bigint NOT NULL,
    foreign_buy_value bigint NOT NULL,
    foreign_sell_volume bigint NOT NULL,
    foreign_sell_value bigint NOT NULL,
    foreign_net_volume bigint NOT NULL,
    foreign_net_value bigint NOT NULL,
    buy_volume bigint NOT NULL,
    buy_value bigint NOT NULL,
    sell_volume bigint NOT NULL,
    sell_value bigint NOT NULL,
    unknown_volume bigint NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_summary', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
COMMENT ON TABLE market_summary IS
    'Breadth and sums today of some shares, as they stood at a second; money in VND';
COMMENT ON COLUMN market_summary.ts IS 'The second that it closes, seq in ms';
COMMENT ON COLUMN market_summary.symbol IS 'Of the scope: VN, HOSE, VN30, banks, unknown';
COMMENT ON COLUMN market_summary.scope IS 'market, exchange, index or sector';
COMMENT ON COLUMN market_summary.members IS
    'Shares = advances + declines + unchanged + not_traded + unpriced';
COMMENT ON COLUMN market_summary.ceilings IS 'Of the advances, those at the ceiling';
COMMENT ON COLUMN market_summary.unpriced IS 'Traded, but nobody has said the reference';
COMMENT ON COLUMN market_summary.unvalued IS 'Whose value nobody knows: not in total_value';
COMMENT ON COLUMN market_summary.buy_volume IS
    'Of prints outside auctions whose aggressor bought, as the vendor says';
COMMENT ON COLUMN market_summary.unknown_volume IS
    'Of prints outside auctions whose aggressor the vendor did not name';

CREATE TABLE market_leaders (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    feed text NOT NULL,
    part integer NOT NULL,
    venue text NOT NULL,
    day date NOT NULL,
    foreign_buyers jsonb NOT NULL,
    foreign_sellers jsonb NOT NULL,
    active_buyers jsonb NOT NULL,
    active_sellers jsonb NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'market_leaders', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
COMMENT ON TABLE market_leaders IS
    'Shares with the largest net values today: [{symbol, net_volume, net_value}], largest first';
COMMENT ON COLUMN market_leaders.foreign_buyers IS 'By what foreign investors bought less sold';
COMMENT ON COLUMN market_leaders.active_buyers IS
    'By what buyers took of the book less what sellers did';
