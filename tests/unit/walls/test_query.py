"""SQL of walls is put together without touching the variables of Grafana."""

import pytest

from services.walls import colours
from services.walls.query import filled, squeezed
from services.walls.words import LANGUAGES, WORDS, Words


def test_a_place_is_filled_and_variables_of_grafana_stay() -> None:
    sql = 'SELECT * FROM "${tape}".x ORDER BY <order> LIMIT <limit>'
    assert filled(sql, order="a", limit=3) == 'SELECT * FROM "${tape}".x ORDER BY a LIMIT 3'


def test_a_place_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="limit"):
        filled("SELECT 1", limit=3)


def test_the_indent_of_the_source_is_not_sent() -> None:
    assert squeezed("\n    SELECT 1\n\n      FROM x  \n    ") == "SELECT 1\n  FROM x"


def test_each_zone_has_a_colour_of_its_own() -> None:
    assert [zone for zone, _ in colours.ZONES] == [2, 1, 0, -1, -2]
    assert len({colour for _, colour in colours.ZONES}) == 5
    sql = colours.css("z")
    assert all(f'"color":"{colour}"' in sql for _, colour in colours.ZONES)


def test_the_boards_own_words_are_those_of_a_vietnamese_board() -> None:
    words = Words("vi")
    assert [words(key) for key in ("ceiling", "floor", "reference", "volume")] == [
        "Trần", "Sàn", "TC", "KL",
    ]  # fmt: skip
    assert [words(key) for key in ("foreign_buy", "foreign_sell", "active_buy", "active_sell")] == [
        "ĐTNN mua", "ĐTNN bán", "Mua chủ động", "Bán chủ động",
    ]  # fmt: skip


def test_a_word_that_the_table_has_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        Words("en")("no such word")
    assert all(len(pair) == len(LANGUAGES) and all(pair) for pair in WORDS.values())
