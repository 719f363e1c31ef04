"""
A day as it seldom is, for walls: in the closing auction, after a loss, with a contract that rolled.

Copied from a simulated day's tables, and then changed by hand: what no sound day has, and the
BUSD flow, which takes long to compute.
"""

import psycopg
from psycopg import sql

from services.writer.schema import apply_tape

SYMBOL, CONTRACT, ALIAS = "FPT", "41I1GC000", "VN30F1M"
_COPIED = ("board", "instruments", "instruments_basket", "sessions", "index_values", "alerts")
_CHANGES = """
UPDATE {tape}.instruments SET aliases = ARRAY['VN30F1M', 'VN30F2612'],
    last_trading_day = '2026-12-17' WHERE symbol = '41I1GC000';
UPDATE {tape}.board SET phase = 'atc', expected_price = ceiling, expected_volume = 12300,
    put_through_volume = 500000 WHERE exchange = 'HOSE';
UPDATE {tape}.sessions SET phase = 'atc' WHERE exchange = 'HOSE';
UPDATE {tape}.alerts SET symbol = 'FPT', severity = 'warning';
INSERT INTO {tape}.basis
    SELECT * FROM {source}.basis WHERE symbol = '41I1GC000' ORDER BY seq DESC LIMIT 200;
UPDATE {tape}.basis SET roll = true, continuous = 'VN30F1M', alias = 'VN30F2612',
    days_to_expiry = 27, fair_value = spot + 6, carry = 0.03;
INSERT INTO {tape}.market_day
    (ts, symbol, seq, feed, ts_source, put_through_volume, put_through_value, odd_lot_volume)
    SELECT ts, symbol, seq, feed, 'receive', 500000, 6e10, 77 FROM {tape}.board
    WHERE symbol = 'FPT';
INSERT INTO {tape}.market_day_newest SELECT * FROM {tape}.market_day;
INSERT INTO {tape}.market_gap
    (ts, symbol, seq, feed, ts_source, venue, channel, cause, from_ts_ms, to_ts_ms, missing_volume)
    SELECT ts - interval '3 hours', s, seq, feed, 'receive', 'VN', 'X-TRADE', c,
        seq / 1000 - 10800000, seq / 1000 - 10790000, v
    FROM {tape}.board,
        (VALUES ('*', 'disconnect', null), ('FPT', 'volume_chain', 4200.0)) g (s, c, v)
    WHERE symbol = 'FPT';
INSERT INTO {tape}.dead_letters (service, key, reason, topic, origin, at, value, venue)
    SELECT 'ingest', seq::text, 'bad_price', 'ssi-x', '{{}}', ts - interval '2 hours', 'x', 'VN'
    FROM {tape}.board WHERE symbol = 'FPT';
INSERT INTO {tape}.busd_forecasts (ts, symbol, seq, part, feed, venue, day, bu_current, sd_current,
    busd_current, busd_pred_15min, trades, judged)
    SELECT ts - m * interval '1 minute', '*', seq - m, 0, feed, venue, day, 90 - m, 50, 40 - m,
        45 - m, 30, 0
    FROM {tape}.board, generate_series(200, 220) m WHERE symbol = 'FPT';
INSERT INTO {tape}.busd_patterns (ts, symbol, seq, part, feed, venue, side, price, volume, value,
    occurrences, bu, sd, busd)
    SELECT ts - interval '2 hours', symbol, seq, 0, feed, venue, 'buy', last, 700, 700 * last,
        5, 1, 0, 1
    FROM {tape}.board WHERE symbol = 'FPT';
INSERT INTO {tape}.alert_deliveries (channel, id, seq, status, alert)
    VALUES ('telegram', 'a', 1, 'sent', '{{}}'), ('telegram', 'b', 2, 'waiting', '{{}}');
"""


def make(database: str, source: str, tape: str) -> None:
    """A new tape `tape` out of the day in `source`; both in this database, as its owner."""
    apply_tape(database, tape)
    names = {"tape": sql.Identifier(tape), "source": sql.Identifier(source)}
    with psycopg.connect(database) as connection:
        for table in _COPIED:
            text = sql.SQL("INSERT INTO {tape}.{table} SELECT * FROM {source}.{table}")
            connection.execute(text.format(table=sql.Identifier(table), **names))
        connection.execute(sql.SQL(_CHANGES).format(**names))
