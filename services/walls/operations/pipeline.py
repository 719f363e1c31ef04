"""Pipeline health: feeds, rate, lag, latency, dead letters, snapshots."""

from services.walls import colours, variables
from services.walls.charts import states
from services.walls.fields import SECONDS, by_thresholds, steps
from services.walls.operations.parts import (
    OF,
    TAPE,
    figure,
    good_below,
    in_an_hour,
    increase,
    over_time,
    quantiles,
    rate,
)
from services.walls.panels import Box
from services.walls.query import prom
from services.walls.wall import Wall
from services.walls.words import Words


def wall(words: Words) -> Wall:
    """What stands still, what lags, what was refused; then why."""
    rows = [
        _figures(words),
        _rates(words),
        _latency(words),
        [_workers(words), _feeds(words)],
        _refused(words),
        _snapshots(words),
    ]
    chosen = [variables.tape(words), variables.service(words)]
    return Wall("pipeline", "pipeline", "ops", rows, chosen, [], "10s")


def _figures(words: Words) -> list[Box]:
    m = words.mixed
    progress = f"max(time() - vntape_last_progress_timestamp_seconds{{{TAPE}}})"
    return [
        figure(m("Nguồn trễ hạn nhất", "Feed overdue by"),
               f"max(vntape_feed_overdue_seconds{{{TAPE}}})", 4, good_below(5, 15), unit=SECONDS),
        figure(m("Không tiến triển", "No progress for"), progress, 4, good_below(15, 60),
               unit=SECONDS),
        figure(m("Bản ghi chờ", "Records waiting"), f"sum(vntape_lag_records{{{TAPE}}})", 4,
               good_below(1_000, 20_000), unit="locale"),
        figure(m("Dead letters trong 1 giờ", "Dead letters in 1 h"),
               in_an_hour("vntape_dead_letters_total"), 4, good_below(1, 20), decimals=0),
        figure(m("Đơn vị nghi ngờ", "Suspect units"), f"sum(vntape_suspect_units{{{TAPE}}})", 4,
               good_below(1, 10), decimals=0),
        figure(m("Hàng đợi trên đĩa", "Spool on disk"), f"sum(vntape_spool_bytes{{{TAPE}}})", 4,
               good_below(1, 100_000_000), unit="bytes"),
    ]  # fmt: skip


def _rates(words: Words) -> list[Box]:
    m = words.mixed
    return [
        over_time(m("Tin nhận từ nguồn, mỗi giây", "Vendor messages a second"),
                  rate("vntape_received_total", "feed, channel", TAPE), "{{feed}} {{channel}}"),
        over_time(m("Tin xử lý, mỗi giây", "Messages a second"),
                  rate("vntape_messages_total", "service", f'{OF}, outcome="ok"'), "{{service}}"),
        over_time(m("Tin tạo ra, mỗi giây", "Outputs a second"),
                  rate("vntape_outputs_total", "topic"), "{{topic}}"),
    ]  # fmt: skip


def _latency(words: Words) -> list[Box]:
    m = words.mixed
    return [
        quantiles(m("Từ lúc nhận đến từng chặng", "From receipt to each stage"),
                  "vntape_event_age_seconds", "stage", 8, 9, TAPE),
        quantiles(m("Mỗi dịch vụ: từ lúc ghi đến lúc xong", "Each service: from append to done"),
                  "vntape_delay_seconds", "service", 8, 9),
        over_time(m("Bản ghi chưa đọc", "Records not read yet"),
                  f"sum by (service, topic) (vntape_lag_records{{{OF}}})",
                  "{{service}} {{topic}}", 8, 9),
    ]  # fmt: skip


def _workers(words: Words) -> Box:
    title = words.mixed("Phân vùng mỗi dịch vụ (phải đủ 12)", "Partitions of a service (12 is all)")
    query = prom(f"sum by (service) (vntape_assigned_partitions{{{OF}}})", "{{service}}")
    limits = steps((None, colours.DOWN), (1, colours.SECOND), (12, colours.UP), (13, colours.DOWN))
    return states(title, query, 12, 8, color=by_thresholds(), thresholds=limits)


def _feeds(words: Words) -> Box:
    title = words.mixed("Tuổi dữ liệu mỗi kênh", "Age of each channel")
    query = f"max by (feed, channel) (vntape_feed_channel_age_seconds{{{TAPE}}})"
    return over_time(title, query, "{{feed}} {{channel}}", 12, 8, unit=SECONDS)


def _refused(words: Words) -> list[Box]:
    m = words.mixed
    return [
        over_time("Dead letters", increase("vntape_dead_letters_total", "service, reason"),
                  "{{service}} {{reason}}"),
        over_time(m("Mất dữ liệu", "Gaps"), increase("vntape_gaps_total", "cause", TAPE),
                  "{{cause}}"),
        over_time(m("Tin bỏ qua có chủ ý, mỗi giây", "Dropped on purpose, a second"),
                  rate("vntape_dropped_total", "feed, reason", TAPE), "{{feed}} {{reason}}"),
    ]  # fmt: skip


def _snapshots(words: Words) -> list[Box]:
    m = words.mixed
    return [
        over_time(m("Snapshot mỗi giây", "Snapshots a second"),
                  rate("vntape_snapshots_total", "service"), "{{service}}", 6),
        quantiles(m("Ngừng để chụp", "Pause of a snapshot"), "vntape_snapshot_pause_seconds",
                  "service", 6),
        over_time(m("Cỡ snapshot", "Size of snapshots"),
                  f"max by (service) (vntape_snapshot_bytes{{{OF}}})", "{{service}}", 6,
                  unit="bytes"),
        over_time(m("Khôi phục phân vùng", "Partitions restored"),
                  increase("vntape_restores_total", "service, found"),
                  "{{service}} {{found}}", 6),
    ]  # fmt: skip
