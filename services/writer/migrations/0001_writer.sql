-- Where the writer stands, and what was refused.

CREATE TABLE offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    next bigint NOT NULL,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE offsets IS
    'Per topic (without the tape) and partition: the first offset that is not stored yet';
GRANT UPDATE ON offsets TO vntape_writer;

-- No hypertable: its key has no time, because a dead letter may be sent twice.
CREATE TABLE dead_letters (
    service text NOT NULL,
    key text NOT NULL,
    reason text NOT NULL,
    topic text,
    origin jsonb NOT NULL,
    at timestamptz NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (service, key, reason)
);
COMMENT ON TABLE dead_letters IS
    'What a service refused, verbatim; key is the seq of the source where the source says one';
CREATE INDEX dead_letters_at ON dead_letters (at DESC);
