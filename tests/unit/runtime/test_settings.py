"""Settings: unknown ones are refused, secrets are never shown."""

import pytest

from services.runtime.settings import SettingsError, load

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize("name", ["VNTAPE_TAEP", "vntape_nope", "VNTAPE_"])
def test_an_unknown_variable_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: "x"})


def test_variables_of_others_and_of_tests_are_ignored() -> None:
    assert load({"PATH": "/bin", "VNTAPE_TEST_KEEP": "1"}).tape == "live"


def test_an_option_of_the_command_line_beats_the_environment() -> None:
    assert load({"VNTAPE_TAPE": "demo"}, tape="other").tape == "other"
    assert load({"VNTAPE_TAPE": "demo"}, tape=None).tape == "demo"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VNTAPE_TAPE", "Live!"),
        ("VNTAPE_HTTP_PORT", "70000"),
        ("VNTAPE_SNAPSHOT_INTERVAL_S", "0"),
        ("VNTAPE_STEP_ERRORS", "shrug"),
    ],
)
def test_an_unusable_value_is_refused_with_name_and_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        load({name: value})
    assert value in str(refused.value)


@pytest.mark.parametrize("name", ["DATABASE_URL", "WRITER_URL", "READER_URL"])
def test_a_secret_is_in_no_text_of_the_settings(name: str) -> None:
    url = f"postgresql://owner:{SECRET}@127.0.0.1/x"
    it = load({f"VNTAPE_{name}": url})
    shown = f"{it} {it!r} {it.model_dump()} {it.model_dump_json()}"
    assert SECRET not in shown
    assert getattr(it, name.lower()).get_secret_value() == url


def test_a_secret_is_in_no_error_about_another_setting() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"VNTAPE_DATABASE_URL": f"postgresql://a:{SECRET}@h/x", "VNTAPE_HTTP_PORT": "x"})
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__, "the cause would print every value given"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load({}).tape = "other"  # type: ignore[misc]
