-- What an operator decided about a dead letter (`vntape dlq replay`, `drop`); the letter stays.
CREATE TABLE dead_letter_verdicts (
    number bigint PRIMARY KEY,
    verdict text NOT NULL CHECK (verdict IN ('replayed', 'dropped')),
    why text NOT NULL,
    who text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_letter_verdicts IS
    'Dead letters that were dealt with; number is the offset in the topic dead-letters';
