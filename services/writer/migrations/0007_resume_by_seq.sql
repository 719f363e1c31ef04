-- A client that resumes asks for what is newer than a seq, whatever its ts. Rows come about in the
-- order of seq, so a few bytes for each range of blocks say which of them to skip.

CREATE INDEX market_book_delta_seq ON market_book_delta USING brin (seq);
CREATE INDEX market_status_seq ON market_status USING brin (seq);
CREATE INDEX market_gap_seq ON market_gap USING brin (seq);
CREATE INDEX trades_classified_seq ON trades_classified USING brin (seq);
