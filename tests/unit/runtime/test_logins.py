"""What settings say of TLS and logins, before any server is asked."""

from pathlib import Path

import pytest

from services.runtime import database, kafka_login
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load
from tests.support.certificates import authority

URL = "postgresql://me:p%40ss@db.example:5433/vntape"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an authority."""
    return authority(tmp_path_factory.mktemp("unit") / "ca").ca


def url(**variables: str) -> str:
    """The owner's URL of these settings."""
    secret = load({f"VNTAPE_{k.upper()}": v for k, v in variables.items()}).database_url
    assert secret is not None
    return secret.get_secret_value()


def test_an_authority_of_the_database_makes_every_url_mean_tls_in_full(ca: Path) -> None:
    more = f"sslmode=verify-full&sslrootcert={ca}"
    assert url(database_url=URL) == URL
    assert url(database_url=URL, database_ca=str(ca)) == f"{URL}?{more}"
    assert url(database_url=f"{URL}?sslmode=verify-ca", database_ca=str(ca)).endswith(
        f"?sslmode=verify-ca&sslrootcert={ca}"
    )


@pytest.mark.parametrize("mode", ["disable", "prefer", "require"])
def test_a_url_that_asks_for_less_is_refused(ca: Path, mode: str) -> None:
    """`require` encrypts, and asks nobody who answers."""
    with pytest.raises(SettingsError, match=f"sslmode={mode} contradicts VNTAPE_DATABASE_CA"):
        url(database_url=f"{URL}?sslmode={mode}", database_ca=str(ca))


def test_another_login_keeps_the_rest_of_the_url() -> None:
    given = "postgresql://a:b@one:1,two:2/x?user=c&sslmode=verify-full"
    assert (
        database.with_login(given, "vntape_reader", "p/@ss")
        == "postgresql://vntape_reader:p%2F%40ss@one:1,two:2/x?sslmode=verify-full"
    )


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"security": "sasl_ssl"}, "needs VNTAPE_KAFKA_USER and VNTAPE_KAFKA_PASSWORD"),
        ({"security": "sasl_ssl", "user": "x"}, "needs VNTAPE_KAFKA_PASSWORD"),
        ({"user": "x", "password": "y"}, "VNTAPE_KAFKA_SECURITY=plaintext does not use it"),
        ({"security": "ssl", "user": "x"}, "VNTAPE_KAFKA_USER set, but"),
        ({"security": "ssl", "ca": __file__}, "VNTAPE_KAFKA_CA: .* holds no certificate"),
        ({"security": "ssl", "ca": "/nowhere"}, "VNTAPE_KAFKA_CA"),
        ({"ca": __file__}, "VNTAPE_KAFKA_CA set, but"),
    ],
)
def test_a_login_that_is_not_whole_or_not_used_is_refused(
    variables: dict[str, str], sentence: str
) -> None:
    """A password that was meant to protect is never left out without a word."""
    with pytest.raises(SettingsError, match=sentence):
        kafka_login.of(load({f"VNTAPE_KAFKA_{k.upper()}": v for k, v in variables.items()}))


def test_a_secrets_file_that_says_unset_holds_none(tmp_path: Path) -> None:
    """It has to be there, to be mounted; the feed that needs it says what is missing."""
    file = tmp_path / "ssi_consumer_id"
    file.write_text("unset\n")
    assert load({"VNTAPE_SSI_CONSUMER_ID_FILE": str(file)}).ssi_consumer_id is None
    file.write_text("me\n")
    told = load({"VNTAPE_SSI_CONSUMER_ID_FILE": str(file)}).ssi_consumer_id
    assert told is not None
    assert told.get_secret_value() == "me"


def test_a_password_may_stand_in_a_file_and_is_shown_nowhere(tmp_path: Path, ca: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    login = kafka_login.of(
        load(
            {
                "VNTAPE_KAFKA_SECURITY": "sasl_ssl",
                "VNTAPE_KAFKA_CA": str(ca),
                "VNTAPE_KAFKA_USER": "me",
                "VNTAPE_KAFKA_PASSWORD_FILE": str(tmp_path / "password"),
            }
        )
    )
    assert login.options()["sasl_plain_password"] == "hunter2"
    assert "hunter2" not in repr(login)
