"""The gateway and the delivery of alerts: who listens, how late, who was too slow."""

from services.walls import variables
from services.walls.operations.parts import (
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
from services.walls.wall import Wall
from services.walls.words import Words

_GATEWAY = f'{TAPE}, service="gateway"'
_FRAMES = "vntape_client_frames_total"


def wall(words: Words) -> Wall:
    """Clients above, what they wait for below, then the alerts' own channels."""
    rows = [_figures(words), _clients(words), _sent(words)]
    return Wall("gateway", "gateway", "ops", rows, [variables.tape(words)], [], "10s")


def _figures(words: Words) -> list[Box]:
    m = words.mixed
    return [
        figure(m("Máy khách", "Clients"), f"sum(vntape_clients{{{TAPE}}})", 6, [(None, "text")]),
        figure(m("Khung mỗi giây", "Frames a second"), rate(_FRAMES, "service", TAPE), 6,
               [(None, "text")], decimals=0),
        figure(m("Chờ trong hàng đợi", "Waiting in queues"),
               f"sum(vntape_client_queue_bytes{{{TAPE}}})", 6, good_below(1e6, 1e8),
               unit="bytes"),
        figure(m("Bị ngắt vì chậm trong 1 giờ", "Closed as slow in 1 h"),
               in_an_hour("vntape_slow_clients_total"), 6, good_below(1, 10), decimals=0),
    ]  # fmt: skip


def _clients(words: Words) -> list[Box]:
    m = words.mixed
    return [
        quantiles(m("Từ lúc ghi đến hàng đợi", "From append to the queues"),
                  "vntape_delay_seconds", "topic", 12, 9, _GATEWAY),
        over_time(m("Máy khách", "Clients"), f"vntape_clients{{{TAPE}}}", "{{instance}}", 6, 9),
        over_time(m("Hàng đợi", "Queues"), f"vntape_client_queue_bytes{{{TAPE}}}", "{{instance}}",
                  6, 9, unit="bytes"),
    ]  # fmt: skip


def _sent(words: Words) -> list[Box]:
    m = words.mixed
    return [
        over_time(m("Khung mỗi giây", "Frames a second"), rate(_FRAMES, "instance", TAPE),
                  "{{instance}}"),
        over_time(m("Cảnh báo đã thử gửi", "Attempts to tell an alert"),
                  increase("vntape_deliveries_total", "channel, outcome", TAPE),
                  "{{channel}} {{outcome}}"),
        over_time(m("Cảnh báo đang chờ", "Alerts waiting"),
                  f"sum by (channel) (vntape_deliveries_waiting{{{TAPE}}})", "{{channel}}"),
    ]  # fmt: skip
