"""The committed dashboards are what the code makes, and what Grafana can take."""

import json
import re
from collections import Counter
from itertools import combinations
from typing import Any

import jsonschema
import pytest
import yaml

from services.walls import catalogue
from services.walls.query import DATASOURCES
from services.walls.wall import COLUMNS, REFRESHES, WALL_ROWS
from services.walls.words import LANGUAGES, WORDS
from tests.support.grafana import DASHBOARDS, ROOT, Board, boards, queries

BOARDS = boards()
each = pytest.mark.parametrize("path", BOARDS)
SCHEMA: dict[str, Any] = json.loads(
    (ROOT.parent / "tests/data/grafana/schema-13.2.3.json").read_text()
)
VALIDATORS = {name: jsonschema.Draft7Validator(part) for name, part in SCHEMA.items()}
KINDS = {
    "table", "stat", "timeseries", "barchart", "candlestick", "heatmap", "state-timeline",
}  # fmt: skip


def test_the_committed_dashboards_are_what_the_code_makes() -> None:
    """When it fails: `vntape walls generate`, and commit what it writes."""
    assert catalogue.on_disk(DASHBOARDS) == catalogue.files()


def test_english_walls_have_the_same_queries_and_no_vietnamese_title() -> None:
    for path, text in catalogue.files("en").items():
        english, ours = json.loads(text), BOARDS[path]
        assert english["uid"] == ours["uid"]
        mine = [q.sql for q in queries(english, path)]
        theirs = [q.sql for q in queries(ours, path)]
        assert len(mine) == len(theirs)
        shown = [p["title"] for p in english["panels"]] + [english["title"]]
        assert [t for t in shown if re.search("[à-ỹđ]", t.lower())] == []


def test_no_word_of_the_table_is_without_use() -> None:
    used = "\n".join((*catalogue.files("vi").values(), *catalogue.files("en").values()))
    for vietnamese, english in WORDS.values():
        assert len((vietnamese, english)) == len(LANGUAGES)
        assert json.dumps(vietnamese, ensure_ascii=False)[1:-1] in used, vietnamese
        assert json.dumps(english, ensure_ascii=False)[1:-1] in used, english


def test_every_dashboard_has_a_uid_of_its_own_that_says_where_it_is() -> None:
    assert {p: b["uid"] for p, b in BOARDS.items()} == {
        path: "vntape-" + path.removesuffix(".json").replace("/", "-") for path in BOARDS
    }
    assert len(BOARDS) == 22


@each
def test_panels_have_ids_of_their_own_and_known_types(path: str) -> None:
    panels = BOARDS[path]["panels"]
    ids = [panel["id"] for panel in panels]
    assert ids == sorted(set(ids))
    assert {panel["type"] for panel in panels} <= KINDS
    for panel in panels:
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs)) > 0


@each
def test_no_two_columns_of_a_table_have_one_heading(path: str) -> None:
    """Grafana keeps the cells of a row by heading: of two alike one would show the other's."""
    for panel in BOARDS[path]["panels"]:
        if panel["type"] != "table":
            continue
        shown = Counter(
            next((p["value"] for p in item["properties"] if p["id"] == "displayName"),
                 item["matcher"]["options"])
            for item in panel["fieldConfig"]["overrides"]
            if item["matcher"]["id"] == "byName"
        )  # fmt: skip
        assert [name for name, count in shown.items() if count > 1] == [], panel["title"]


@each
def test_panels_stand_in_the_grid_and_none_over_another(path: str) -> None:
    places = [panel["gridPos"] for panel in BOARDS[path]["panels"]]
    for at in places:
        assert at["w"] > 0 < at["h"]
        assert 0 <= at["x"] <= COLUMNS - at["w"]
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)
    if path.startswith("wall/"):
        assert max(at["y"] + at["h"] for at in places) <= WALL_ROWS


@each
def test_a_board_is_on_vietnamese_time_and_begins_with_the_tape(path: str) -> None:
    board = BOARDS[path]
    assert board["timezone"] == "Asia/Ho_Chi_Minh"
    assert board["refresh"] in REFRESHES
    assert board["refresh"] in board["timepicker"]["refresh_intervals"]
    assert "id" not in board
    variables = board["templating"]["list"]
    assert (variables[0]["name"], variables[0]["current"]["value"]) == ("tape", "live")
    used = set(re.findall(r"\$\{([a-z]+)[:}]", json.dumps([board["panels"], variables])))
    assert used - {"__data", "__dashboard", "__url_time_range"} <= {v["name"] for v in variables}


@each
def test_a_wall_shows_the_age_of_its_data_first(path: str) -> None:
    if path.startswith("ops/"):
        return
    first = BOARDS[path]["panels"][0]
    assert first["type"] == "stat"
    assert "data_age" in first["targets"][0]["rawSql"]


@each
def test_charts_over_time_have_gaps_alerts_rolls_and_the_break(path: str) -> None:
    kinds = {panel["type"] for panel in BOARDS[path]["panels"]}
    notes = " ".join(note["target"]["rawSql"] for note in BOARDS[path]["annotations"]["list"])
    if path.startswith("ops/") or not kinds & {"timeseries", "candlestick"}:
        return
    for relation in (".gaps", ".alerts_recent", ".rolls", "11:30"):
        assert relation in notes


def references(part: Any) -> list[dict[str, str]]:
    """Every `datasource` of a document."""
    if isinstance(part, dict):
        own = [part["datasource"]] if "datasource" in part else []
        return own + [found for value in part.values() for found in references(value)]
    return (
        [found for value in part for found in references(value)] if isinstance(part, list) else []
    )


@each
def test_every_datasource_is_one_that_is_provisioned(path: str) -> None:
    given = yaml.safe_load((ROOT / "provisioning/datasources/vntape.yaml").read_text())
    there = {(d["type"], d["uid"]) for d in given["datasources"]}
    assert there == {(d.type_val, d.uid) for d in DATASOURCES}
    assert {(d["type"], d["uid"]) for d in references(BOARDS[path])} <= there


@each
def test_links_lead_to_boards_that_are_there(path: str) -> None:
    uids = {board["uid"] for board in BOARDS.values()}
    assert set(re.findall(r"/d/([a-z0-9-]+)", json.dumps(BOARDS[path]))) <= uids
    tags = {tag for board in BOARDS.values() for tag in board["tags"]}
    assert {tag for link in BOARDS[path]["links"] for tag in link["tags"]} <= tags


def complaints(board: Board) -> list[str]:
    """What Grafana's own types say against it."""
    found = [e.message[:300] for e in VALIDATORS["dashboard"].iter_errors(plain(board))]
    for panel in board["panels"]:
        kind = panel["type"].replace("-", "")
        custom = panel["fieldConfig"]["defaults"].get("custom")
        for part, value in ((f"{kind}_options", panel["options"]), (f"{kind}_custom", custom)):
            if part in VALIDATORS and value is not None:
                errors = VALIDATORS[part].iter_errors(value)
                found += [f"{panel['title']}: {part}: {e.message[:300]}" for e in errors]
    return found


def plain(board: Board) -> Board:
    """Without what its types do not say: SQL datasources keep their query in an annotation."""
    notes = [{k: v for k, v in n.items() if k not in ("target", "mappings")}
             for n in board["annotations"]["list"]]  # fmt: skip
    return board | {"annotations": {"list": notes}}


@each
def test_grafanas_own_types_accept_it(path: str) -> None:
    """@grafana/schema 13.2.3 as JSON Schema; tests/data/grafana/README.md says how it is made."""
    assert complaints(BOARDS[path]) == []


def test_grafanas_own_types_refuse_a_broken_one() -> None:
    board = json.loads(json.dumps(BOARDS["wall/board.json"]))
    board["panels"][0]["gridPos"]["w"] = "wide"
    board["panels"][1]["options"]["colorMode"] = 7
    assert len(complaints(board)) >= 2


def test_the_folders_of_provisioning_are_there_and_named_by_the_table() -> None:
    given = yaml.safe_load((ROOT / "provisioning/dashboards/vntape.yaml").read_text())
    for provider in given["providers"]:
        size = provider["folderUid"].removeprefix("vntape-")
        assert provider["folder"] == WORDS[f"folder_{size}"][0]
        assert provider["options"]["path"] == f"$WALLS_DASHBOARDS/{size}"
        assert (DASHBOARDS / size).is_dir()


def test_the_alert_rule_has_a_page_and_asks_what_is_provisioned() -> None:
    given = yaml.safe_load((ROOT / "provisioning/alerting/vntape.yaml").read_text())
    (rule,) = given["groups"][0]["rules"]
    assert (ROOT.parent / rule["annotations"]["runbook_url"]).is_file()
    uids = {part["datasourceUid"] for part in rule["data"]}
    assert uids == {DATASOURCES[0].uid, "__expr__"}
    assert given["groups"][0]["folder"] == WORDS["folder_ops"][0]


def test_the_playlist_shows_every_wall_once() -> None:
    playlist = json.loads((ROOT / "playlist.json").read_text())
    shown = Counter(item["value"] for item in playlist["items"])
    walls = [b["uid"] for p, b in BOARDS.items() if p.startswith("wall/")]
    assert set(shown) <= set(walls)
    assert set(shown.values()) == {1}
