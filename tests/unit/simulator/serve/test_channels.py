"""What clients ask for."""

import pytest

from services.simulator.serve.channels import Selection, subscribed, switched


@pytest.mark.parametrize(
    ("written", "channels", "pairs"),
    [
        ("X-TRADE:ALL", {"X-TRADE"}, set()),
        ("OL:All", {"OL"}, set()),
        ("ALL", {"F", "X-TRADE", "X-QUOTE", "X", "R", "MI", "B", "OL"}, set()),
        ("R:SSI-pan", set(), {("R", "SSI"), ("R", "PAN")}),
        ("MI:VN30-HNXindex", set(), {("MI", "VN30"), ("MI", "HNXINDEX")}),
        ("B:VCB-TCB,MI:VNINDEX", set(), {("B", "VCB"), ("B", "TCB,MI:VNINDEX")}),
    ],
)
def test_switch_channels_is_read_as_ssi_reads_it(
    written: str, channels: set[str], pairs: set[tuple[str, str]]
) -> None:
    """What follows a comma belongs to the last symbol's name, so it gives nothing."""
    assert switched(written) == Selection(frozenset(channels), frozenset(pairs))


@pytest.mark.parametrize("written", ["", "Y:ALL", "X-TRADE", "X-TRADE:"])
def test_what_names_no_channel_selects_nothing(written: str) -> None:
    assert switched(written) is None


def test_an_index_is_wanted_by_its_name_in_any_capitals() -> None:
    selection = switched("MI:HNXindex")
    assert selection is not None
    assert selection.wants("MI", "HNXIndex")
    assert not selection.wants("MI", "VN30")


def test_iboard_subscriptions_add_up_and_are_taken_back_with_an_answer() -> None:
    ask = '{"type":"%s","topic":"stockRealtimeBySymbolsAndBoards","variables":%s}'
    vcb = '{"symbols":["vcb"],"boardIds":["MAIN"]}'
    pairs, answer = subscribed(frozenset(), ask % ("sub", vcb))
    assert (pairs, answer) == ({("L", "VCB"), ("S", "VCB")}, None)
    other = '{"type":"sub","topic":"stockRealtimeByListV2","variables":["SSI"]}'
    more, _ = subscribed(pairs, other)
    assert {symbol for _, symbol in more} == {"VCB", "SSI"}
    less, answer = subscribed(more, ask % ("unsub", vcb))
    assert {symbol for _, symbol in less} == {"SSI"}
    assert answer == '{"result":"complete","type":"unsub"}'


@pytest.mark.parametrize(
    "message",
    [
        "no json", "[1]", '{"type":"init"}', '{"type":"sub","topic":"systemStatusChangedV2"}',
        '{"type":"sub","topic":"stockRealtimeByListV2","variables":{"symbols":7}}',
        '{"type":"sub","topic":"stockRealtimeBySymbolsAndBoards","variables":'
        '{"symbols":["VCB"],"boardIds":["ODD"]}}',
    ],
)  # fmt: skip
def test_what_iboard_does_not_give_is_taken_in_silence(message: str) -> None:
    assert subscribed(frozenset(), message) == (frozenset(), None)
