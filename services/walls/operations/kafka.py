"""Kafka as the pipeline sees it: who lags in which topic, and by how long."""

from services.walls import variables
from services.walls.fields import SECONDS
from services.walls.operations.parts import (
    OF,
    RATE,
    TAPE,
    figure,
    good_below,
    in_an_hour,
    over_time,
    quantiles,
    rate,
)
from services.walls.panels import Box
from services.walls.wall import Wall
from services.walls.words import Words


def wall(words: Words) -> Wall:
    """Lag in seconds is what counts; records of `market` are frames of many messages."""
    rows = [_figures(words), _lag(words), _topics(words), _reading(words)]
    chosen = [variables.tape(words), variables.service(words)]
    return Wall("kafka", "kafka", "ops", rows, chosen, [], "10s")


def _figures(words: Words) -> list[Box]:
    m = words.mixed
    return [
        figure(m("Trễ lớn nhất", "Largest lag"), f"max(vntape_group_lag_seconds{{{TAPE}}})", 6,
               good_below(2, 10), unit=SECONDS),
        figure(m("Bản ghi chờ", "Records waiting"),
               f"sum(vntape_group_lag_records{{{TAPE}}})", 6, good_below(1_000, 20_000),
               unit="locale"),
        figure(m("Worker đang sống", "Live workers"), f"sum(vntape_group_members{{{TAPE}}})", 6,
               [(None, "text")]),
        figure(m("Tìm lại trong 1 giờ", "Re-seeks in 1 h"), in_an_hour("vntape_reseeks_total"), 6,
               good_below(1, 5), decimals=0),
    ]  # fmt: skip


def _lag(words: Words) -> list[Box]:
    m = words.mixed
    return [
        over_time(m("Trễ mỗi dịch vụ", "Lag of each service"),
                  f"max by (service, topic) (vntape_group_lag_seconds{{{OF}}})",
                  "{{service}} {{topic}}", 12, 9, unit=SECONDS),
        over_time(m("Bản ghi chờ mỗi dịch vụ", "Records waiting, by service"),
                  f"sum by (service, topic) (vntape_group_lag_records{{{OF}}})",
                  "{{service}} {{topic}}", 12, 9),
    ]  # fmt: skip


def _topics(words: Words) -> list[Box]:
    m = words.mixed
    return [
        over_time(m("Ghi vào topic, bản ghi mỗi giây", "Appended to topics, records a second"),
                  f"sum by (topic) (rate(vntape_topic_end_offset{{{TAPE}}}{RATE}))", "{{topic}}",
                  12, 9),
        over_time(m("Đọc, bản ghi mỗi giây", "Read, records a second"),
                  rate("vntape_records_total", "service, topic"), "{{service}} {{topic}}", 12, 9),
    ]  # fmt: skip


def _reading(words: Words) -> list[Box]:
    m = words.mixed
    return [
        quantiles(m("Từ lúc ghi đến lúc xong, theo topic", "From append to done, by topic"),
                  "vntape_delay_seconds", "topic", 12, 9),
        over_time(m("Tin lặp lại mỗi giây", "Repeats a second"),
                  rate("vntape_messages_total", "service", f'{OF}, outcome="repeat"'),
                  "{{service}}", 6, 9),
        over_time(m("Bước gộp thị trường chờ", "The market-wide merge waits"),
                  f"max by (service) (vntape_merge_waiting_seconds{{{OF}}})", "{{service}}", 6, 9,
                  unit=SECONDS),
    ]  # fmt: skip
