-- What rules found, and what became of telling it.

CREATE TABLE alerts (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL,
    feed text NOT NULL,
    venue text NOT NULL,
    day date NOT NULL,
    rule text NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    topic text NOT NULL,
    side text,
    text_vi text NOT NULL,
    text_en text NOT NULL,
    numbers jsonb NOT NULL,
    dedupe_key text NOT NULL,
    PRIMARY KEY (symbol, ts, seq, part, rule, venue)
);
SELECT create_hypertable(
    'alerts', by_range('ts', INTERVAL '7 days'), create_default_indexes => false
);
-- A wall shows the newest of all symbols.
CREATE INDEX alerts_ts ON alerts (ts DESC);
COMMENT ON TABLE alerts IS 'What the rules of the analytics found, as it was told';
COMMENT ON COLUMN alerts.ts IS 'Of the message that fired the rule';
COMMENT ON COLUMN alerts.symbol IS '*: a whole venue';
COMMENT ON COLUMN alerts.numbers IS 'The figures that fired it, by name';
COMMENT ON COLUMN alerts.dedupe_key IS 'The same for all alerts of one matter on one day';

-- Kept by the delivery service, one row an alert and channel; small, so no hypertable.
CREATE TABLE alert_deliveries (
    channel text NOT NULL,
    id text NOT NULL,
    seq bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'sent', 'withheld', 'expired', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    taken_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    reason text,
    alert json NOT NULL,
    PRIMARY KEY (channel, id)
) WITH (fillfactor = 50);
CREATE INDEX alert_deliveries_waiting ON alert_deliveries (channel, next_at)
    WHERE status = 'waiting';
CREATE INDEX alert_deliveries_taken ON alert_deliveries (taken_at DESC);
COMMENT ON TABLE alert_deliveries IS 'Each alert on its way to each channel, and what became of it';
COMMENT ON COLUMN alert_deliveries.id IS 'The same on the wire: header Idempotency-Key';
COMMENT ON COLUMN alert_deliveries.alert IS 'As it stands in the topic; so it is json, not jsonb';
COMMENT ON COLUMN alert_deliveries.status IS
    'waiting; sent; withheld: a replay, or a dry run; expired: too old to be news; dead: refused '
    'by the channel, or tried too often';
COMMENT ON COLUMN alert_deliveries.next_at IS 'When it is tried next';
COMMENT ON COLUMN alert_deliveries.reason IS 'What the last attempt met, or why it was not sent';

CREATE TABLE delivery_positions (
    partition integer NOT NULL PRIMARY KEY,
    next bigint NOT NULL
);
COMMENT ON TABLE delivery_positions IS
    'Per partition of alerts: the first offset that is not in alert_deliveries yet';
GRANT UPDATE ON alert_deliveries, delivery_positions TO vntape_writer;
