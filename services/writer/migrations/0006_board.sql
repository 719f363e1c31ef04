-- What stands now, for price boards and late readers: of each natural key the newest message.
--
-- Plain tables: one row a key (of the board one a symbol and day, about 400,000 a year), replaced
-- where it stands; nothing of them is dropped by age. What went before is in the tables of market.

CREATE TABLE board (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL,
    feed text NOT NULL,
    venue text NOT NULL,
    day date NOT NULL,
    exchange text,
    kind text,
    phase text,
    trading_status text,
    reference double precision,
    ceiling double precision,
    floor double precision,
    bids double precision[],
    asks double precision[],
    auction_bid_volume double precision,
    auction_ask_volume double precision,
    last double precision,
    last_volume double precision,
    last_ts_ms bigint,
    change double precision,
    change_percent double precision,
    total_volume double precision,
    total_value double precision,
    open double precision,
    high double precision,
    low double precision,
    average double precision,
    expected_price double precision,
    expected_volume double precision,
    foreign_buy_volume bigint,
    foreign_sell_volume bigint,
    foreign_buy_value double precision,
    foreign_sell_value double precision,
    foreign_room bigint,
    put_through_volume double precision,
    odd_lot_volume double precision,
    open_interest bigint,
    PRIMARY KEY (symbol, day)
) WITH (fillfactor = 50);
-- fillfactor: a row is replaced up to once a second; the new one finds room in its own page, and
-- no index changes.
CREATE INDEX board_day ON board (day);
COMMENT ON TABLE board IS
    'The price board: of each symbol and trading day the last row. Null is unknown, never 0';
COMMENT ON COLUMN board.ts IS 'When the row was closed, seq in ms: not the exchange''s time';
COMMENT ON COLUMN board.day IS 'Trading day of the figures: of VN the date at UTC+7, else of UTC';
COMMENT ON COLUMN board.reference IS 'Prices are in the quote unit: VND, index points, USDT';
COMMENT ON COLUMN board.bids IS
    '{{price, volume}, ...}, best first, at most 3; {}: nobody bids; null: no quote that day';
COMMENT ON COLUMN board.asks IS
    '{{price, volume}, ...}, best first, at most 3; {}: nobody offers; null: no quote that day';
COMMENT ON COLUMN board.auction_bid_volume IS 'Queue of market orders, which has no price';
COMMENT ON COLUMN board.last_ts_ms IS 'Exchange time of the last trade, ms since 1970 UTC';
COMMENT ON COLUMN board.change_percent IS 'Of the reference, in %';
COMMENT ON COLUMN board.total_volume IS 'Of the day: shares, contracts or coins';
COMMENT ON COLUMN board.total_value IS 'Of the day: VND or USDT, with the multiplier in it';
COMMENT ON COLUMN board.average IS 'Total value / total volume, in the quote unit';
COMMENT ON COLUMN board.expected_price IS 'Of the auction that is on, else null';
COMMENT ON COLUMN board.foreign_room IS 'Shares that foreign investors may still buy';
COMMENT ON COLUMN board.put_through_volume IS 'In no total, like odd_lot_volume';

CREATE TABLE instruments (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    venue text NOT NULL,
    exchange text NOT NULL,
    kind text NOT NULL,
    aliases text[] NOT NULL,
    name_vi text,
    name_en text,
    isin text,
    sector text,
    underlying text,
    first_trading_day text,
    last_trading_day text,
    multiplier double precision NOT NULL,
    inverse boolean NOT NULL,
    lot double precision NOT NULL,
    price_steps double precision[] NOT NULL,
    reference double precision,
    ceiling double precision,
    floor double precision,
    listed_shares bigint,
    trading_status text,
    PRIMARY KEY (symbol)
);
COMMENT ON TABLE instruments IS
    'What each symbol is: the newest image of its instrument';
COMMENT ON COLUMN instruments.aliases IS 'Other names of a future that day, as VN30F1M';
COMMENT ON COLUMN instruments.multiplier IS
    'Money of one contract a point; inverse: a contract is worth multiplier / price coins';
COMMENT ON COLUMN instruments.price_steps IS '{{from price, step}, ...}, ascending';

CREATE TABLE instruments_basket (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    members jsonb NOT NULL,
    effective_date text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (symbol)
);
COMMENT ON TABLE instruments_basket IS
    'Members of each index: the newest basket that was sent';
COMMENT ON COLUMN instruments_basket.members IS
    '[{"symbol", "shares", "free_float", "cap"}, ...]: listed shares, ratios from 0 to 1';

CREATE TABLE sessions (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    venue text NOT NULL,
    exchange text NOT NULL,
    phase text,
    trading_status text,
    PRIMARY KEY (symbol, venue, exchange)
);
COMMENT ON TABLE sessions IS
    'The phase of each exchange (symbol *) and of each symbol that was named alone';

CREATE TABLE index_values (
    ts timestamptz NOT NULL,
    symbol text NOT NULL,
    seq bigint NOT NULL,
    part integer NOT NULL DEFAULT 0,
    feed text NOT NULL,
    ts_source text NOT NULL,
    value double precision NOT NULL,
    prior double precision,
    estimated_value double precision,
    phase text NOT NULL,
    advances bigint,
    declines bigint,
    unchanged bigint,
    ceilings bigint,
    floors bigint,
    total_volume double precision,
    total_value double precision,
    put_through_volume double precision,
    put_through_value double precision,
    PRIMARY KEY (symbol)
) WITH (fillfactor = 50);
COMMENT ON TABLE index_values IS
    'The newest published value of each index, in points';

GRANT UPDATE ON board, instruments, instruments_basket, sessions, index_values TO vntape_writer;
