-- The BUSD flow: trades of the HOSE that repeat, and where their sums are heading.

CREATE TABLE busd_patterns (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL,
    feed text NOT NULL,
    venue text NOT NULL,
    side text NOT NULL,
    price double precision NOT NULL,
    volume bigint NOT NULL,
    value bigint NOT NULL,
    occurrences bigint NOT NULL,
    bu double precision NOT NULL,
    sd double precision NOT NULL,
    busd double precision NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'busd_patterns', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
COMMENT ON TABLE busd_patterns IS
    'Trades that count in the BUSD flow: each at least the so-manyth of its stock and volume in '
    'the window that ends at it';
COMMENT ON COLUMN busd_patterns.side IS 'The vendor''s: buy is bu, sell is sd';
COMMENT ON COLUMN busd_patterns.price IS 'VND; value too';
COMMENT ON COLUMN busd_patterns.occurrences IS
    'Trades of this stock and volume in the window, this one and those before it';
COMMENT ON COLUMN busd_patterns.bu IS
    'What has counted of the stock that day, billions of VND; busd = bu - sd';

CREATE TABLE busd_forecasts (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL,
    feed text NOT NULL,
    venue text NOT NULL,
    day date NOT NULL,
    bu_current double precision NOT NULL,
    sd_current double precision NOT NULL,
    busd_current double precision NOT NULL,
    bu_rate double precision,
    sd_rate double precision,
    busd_rate double precision,
    bu_pred_15min double precision,
    sd_pred_15min double precision,
    busd_pred_15min double precision,
    pred_ts_ms bigint,
    trades bigint NOT NULL,
    judged bigint NOT NULL,
    bu_error double precision,
    sd_error double precision,
    busd_error double precision,
    bu_error_last double precision,
    sd_error_last double precision,
    busd_error_last double precision,
    bu_error_rate double precision,
    sd_error_rate double precision,
    busd_error_rate double precision,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'busd_forecasts', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
COMMENT ON TABLE busd_forecasts IS
    'The BUSD flow of the whole HOSE at each minute of trading time and each second in which a '
    'trade counted; billions of VND. Null is unknown, never 0';
COMMENT ON COLUMN busd_forecasts.bu_rate IS 'A minute, over the last 4 to 5 minutes';
COMMENT ON COLUMN busd_forecasts.bu_pred_15min IS
    'Where it will stand in 15 minutes of trading time, at pred_ts_ms; null past the cutoff';
COMMENT ON COLUMN busd_forecasts.bu_error IS
    'Mean absolute error of the judged forecasts of the day; ..._last: of saying the last value, '
    '..._rate: of saying last value + rate x 15';
