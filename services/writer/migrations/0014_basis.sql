-- Futures beside their index, as they went through the day.

CREATE TABLE basis (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    feed text NOT NULL,
    part integer NOT NULL,
    venue text NOT NULL,
    day date NOT NULL,
    underlying text NOT NULL,
    alias text,
    continuous text,
    continuous_since text,
    roll boolean NOT NULL,
    phase text,
    future double precision,
    spot double precision,
    spot_kind text NOT NULL,
    basis double precision,
    basis_percent double precision,
    mid_basis double precision,
    mid_basis_percent double precision,
    direction text,
    spot_stale boolean,
    future_stale boolean,
    stale boolean NOT NULL,
    last_trading_day text,
    days_to_expiry bigint,
    rate double precision NOT NULL,
    dividend_yield double precision NOT NULL,
    fair_value double precision,
    carry double precision,
    z_score double precision,
    future_change_5m double precision,
    spot_change_5m double precision,
    divergence double precision,
    total_volume bigint,
    open_interest bigint,
    open_interest_prior bigint,
    foreign_net_volume bigint,
    settlement_estimate double precision,
    settlement_values bigint,
    PRIMARY KEY (symbol, ts, seq, part)
);
SELECT create_hypertable(
    'basis', by_range('ts', INTERVAL '1 day'), create_default_indexes => false
);
-- A series under a continuous name, over its rolls; all contracts of a moment.
CREATE INDEX basis_continuous ON basis (continuous, ts DESC);

COMMENT ON TABLE basis IS
    'A future less its index, by contract, as it went through the day. Null is unknown, never 0';
COMMENT ON COLUMN basis.ts IS 'When it was published, seq in ms: not the exchange''s time';
COMMENT ON COLUMN basis.continuous IS 'What vendors called it that day, as VN30F1M';
COMMENT ON COLUMN basis.roll IS 'The continuous name came to this contract that day';
COMMENT ON COLUMN basis.spot_kind IS
    'published; estimated_ato: the estimate of the opening auction; none: no value yet';
COMMENT ON COLUMN basis.basis IS 'Future - spot, index points';
COMMENT ON COLUMN basis.mid_basis IS 'Middle of the future''s quote - spot, index points';
COMMENT ON COLUMN basis.direction IS 'Of |basis| over 60 s of trading, by a tick or more';
COMMENT ON COLUMN basis.stale IS 'An index value over 15 s old, or no quote nor trade for 60 s';
COMMENT ON COLUMN basis.fair_value IS 'spot x (1 + (rate - dividend_yield) x days / 365)';
COMMENT ON COLUMN basis.carry IS '(future / spot - 1) x 365 / days, a ratio a year';
COMMENT ON COLUMN basis.z_score IS 'Of the basis within the last 900 s of trading';
COMMENT ON COLUMN basis.divergence IS 'Change of the future less that of the spot, %, over 300 s';
COMMENT ON COLUMN basis.settlement_estimate IS
    'On the last day: mean of the index from 14:15 to 14:45 but for 3 highest and 3 lowest';
