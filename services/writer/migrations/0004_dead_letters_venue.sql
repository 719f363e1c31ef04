-- Seqs are a venue's own: two venues may have refused the same one for the same reason.

ALTER TABLE dead_letters ADD COLUMN venue text NOT NULL DEFAULT '';
UPDATE dead_letters SET venue = coalesce(left(origin ->> 'venue', 50), ''), origin = origin - 'venue'
WHERE origin ? 'venue';
ALTER TABLE dead_letters DROP CONSTRAINT dead_letters_pkey;
ALTER TABLE dead_letters ADD PRIMARY KEY (service, venue, key, reason);
COMMENT ON COLUMN dead_letters.venue IS 'Of the source, where the service says one; else empty';
