"""Whose group is it?"""

from services.lag.core.groups import Reader, has_members, readers


def test_the_newest_version_of_each_service_on_a_tape_that_is_there() -> None:
    groups = [
        "live.classifier.v2",
        "live.classifier.v10",
        "live.orderflow-index.v1",
        "demo.writer",
        "gone.board.v1",
        "vntape-admin",
        "live.board.vx",
        "console-consumer-1",
    ]
    assert readers(groups, {"live", "demo"}) == {
        Reader("live", "classifier"): "live.classifier.v10",
        Reader("live", "orderflow-index"): "live.orderflow-index.v1",
        Reader("demo", "writer"): "demo.writer",
    }


def test_only_services_with_a_state_have_members_in_their_group() -> None:
    assert has_members("live.classifier.v2")
    assert not has_members("live.writer")
