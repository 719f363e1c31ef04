"""All settings of all processes: read once, in the command line, and passed down."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, FilePath, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.topic import check_tape
from services.runtime.database_url import DatabaseUrl

PREFIX = "VNTAPE_"

RECEIVE_CLOCK = (
    r"^(wall|recorded|@.+|"
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+\d\d:\d\d)@(\d+(?:\.\d+)?)(?:x(\d+(?:\.\d+)?))?)$"
)

Tape = Annotated[str, AfterValidator(check_tape)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class SettingsError(ValueError):
    """A setting was wrong; the text names the variable and says what to do."""


class Settings(BaseSettings):
    """
    One frozen object with everything an operator can set, each as `VNTAPE_<NAME>`.

    Secrets are `SecretStr`: printing them prints stars. Unknown variables with our prefix
    are refused by `settings_load.load`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    tape: Tape = Field("live", description="The run that everything belongs to")

    stack: str = Field("main", pattern=r"^[a-z][a-z0-9_-]*$", description="Local stack instance")
    local_dir: Path = Field(
        Path(".local"),
        description="Where services keep addresses, spools, passwords (the stack: in .local)",
    )
    kafka: str | None = Field(None, description="host:port of Kafka; unset: the local stack's")
    kafka_port: Port = Field(0, description="Port of the local Kafka; 0: a free one, remembered")
    kafka_security: Literal["plaintext", "ssl", "sasl_ssl"] = Field(
        "plaintext", description="How Kafka is talked to: TLS, and with a login on top"
    )
    kafka_ca: FilePath | None = Field(
        None, description="... file of the authority that signed its certificate; unset: the host's"
    )
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="... how the password is proven, for sasl_ssl"
    )
    kafka_user: str | None = Field(None, min_length=1, description="... and whose it is")
    kafka_password: SecretStr | None = Field(
        None, description="... and the password; or a file's name in ..._FILE"
    )
    # Before the URLs, which take it up.
    database_ca: FilePath | None = Field(
        None,
        description="File of the authority that signed the database's certificate; set: every "
        "URL below means TLS, checked in full",
    )
    database_url: DatabaseUrl | None = Field(
        None, description="postgresql:// URL of the owner role; unset: the local stack's"
    )
    writer_url: DatabaseUrl | None = Field(
        None, description="postgresql:// URL of the writer role; unset: made by vntape migrate"
    )
    reader_url: DatabaseUrl | None = Field(
        None, description="postgresql:// URL of the read-only role; unset: made by vntape migrate"
    )
    ingest_url: DatabaseUrl | None = Field(
        None, description="postgresql:// URL of ingest's role; unset: made by vntape migrate"
    )
    delivery_url: DatabaseUrl | None = Field(
        None, description="postgresql:// URL of the delivery's role; unset: made by vntape migrate"
    )
    database_port: Port = Field(0, description="Port of the local TimescaleDB; 0: a free one")

    http_host: str = Field(
        "127.0.0.1", min_length=1, description="Address that /metrics and /health listen on"
    )
    http_port: Port = Field(0, description="... and their port; 0: a free one")
    worker: str = Field(
        "1",
        pattern=r"^([1-9]\d{0,3}|host)$",
        description="Number of a worker among those of its service; host: this machine's name",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    receive_clock: str = Field(
        "wall",
        pattern=RECEIVE_CLOCK,
        description="What stamps raw records: wall, recorded, or a simulated exchange's "
        "(TIME@EPOCH[xSPEED]: it showed the ISO time when our clock was at epoch seconds), or "
        "@FILE: as stands in it; ages are measured once it is there",
    )

    reference_data: Path | None = Field(
        None, description="Folder of the Vietnamese reference data; unset: deploy/reference-data"
    )

    busd_min_volume: int = Field(200, gt=0, description="BUSD flow: least volume of a trade")
    busd_window_seconds: Seconds = Field(300.0, description="... how long one is remembered")
    busd_min_occurrences: int = Field(
        5, gt=1, description="... the so-manyth of its stock and volume in the window counts"
    )
    busd_cutoff: time = Field(
        time(14, 40), description="... local time from which trades are not looked at"
    )

    alert_rules: Path | None = Field(
        None, description="File of the alert rules; unset: deploy/alerts.yaml"
    )
    delivery: Path | None = Field(
        None, description="File of the channels alerts go to; unset: deploy/delivery.yaml"
    )
    delivery_tape: Tape = Field(
        "live", description="The one tape whose alerts are delivered; a replay delivers nothing"
    )
    webhook_secret: SecretStr | None = Field(
        None, description="Key of the webhooks' signatures; or a file's name in ..._FILE"
    )
    telegram_token: SecretStr | None = Field(
        None, description="Token of the Telegram bot; or a file's name in ..._FILE"
    )

    sources: str = Field(
        "", description="Who writes what of VN, as trade=iboard:L,quote=iboard:S; empty: as usual"
    )

    spool_dir: Path | None = Field(
        None, description="Where a live feed's messages wait for Kafka; unset: in local_dir"
    )
    spool_bytes: int = Field(
        1024**3, ge=1024**2, description="... and how many bytes of them, then a gap"
    )

    ssi_consumer_id: SecretStr | None = Field(
        None, description="SSI FastConnect Data: who we are; or a file's name in ..._FILE"
    )
    ssi_consumer_secret: SecretStr | None = Field(
        None, description="... and its secret; or a file's name in ..._FILE"
    )
    ssi_v2_rest_url: str = Field("https://fc-data.ssi.com.vn/", description="SSI v2's REST service")
    ssi_v2_stream_url: str = Field(
        "https://fc-datahub.ssi.com.vn/", description="SSI v2's data hub (SignalR)"
    )
    ssi_channels: str = Field(
        "F,X-TRADE,X-QUOTE,R,MI,B,OL",
        description="Channels of SSI, one connection each; TYPE:VCB-SSI narrows one",
    )
    ssi_symbols: str = Field(
        "ALL", description="... of which symbols, as VCB-SSI; MI and F always of all"
    )
    ssi_api_key: SecretStr | None = Field(
        None, description="SSI FastConnect v3: who we are; or a file's name in ..._FILE"
    )
    ssi_api_secret: SecretStr | None = Field(
        None, description="... and its secret; or a file's name in ..._FILE"
    )
    ssi_v3_rest_url: str = Field("https://api.ssi.com.vn", description="SSI v3's REST service")
    ssi_v3_stream_url: str = Field(
        "wss://stream.ssi.com.vn/ws/v3", description="SSI v3's WebSocket"
    )
    ssi_v3_topics: str = Field(
        "market.FLAG,trade.*,quote.*,room.*,trade.index.*",
        description="Topics of SSI v3, one connection for each kind, as trade.VCB",
    )
    iboard_url: str = Field(
        "wss://iboard-pushstream.ssi.com.vn/realtime", description="iBoard's push socket"
    )
    iboard_symbols: str = Field("", description="... and which symbols, as VCB,SSI")
    binance_symbols: str = Field("", description="Spot symbols of Binance, as BTCUSDT,ETHUSDT")
    binance_usdm_symbols: str = Field("", description="... and of its USD-M futures")
    binance_streams: str = Field(
        "trade,bookTicker,depth@100ms", description="... and which streams of each"
    )
    binance_history: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="... and how many earlier trades a fresh tape begins with",
    )
    binance_api_key: SecretStr | None = Field(
        None, description="... and the key that REST asks for missed trades of futures; or ..._FILE"
    )
    binance_stream_url: str = Field(
        "wss://stream.binance.com:9443", description="... where its spot streams are"
    )
    binance_rest_url: str = Field("https://api.binance.com", description="... its spot REST")
    binance_usdm_stream_url: str = Field(
        "wss://fstream.binance.com", description="... the streams of its USD-M futures"
    )
    binance_usdm_rest_url: str = Field("https://fapi.binance.com", description="... and their REST")
    feed_silence_s: Seconds = Field(
        15.0, description="So long without data in continuous trading and a feed is connected anew"
    )

    snapshot_interval_s: Seconds = Field(10.0, description="State of a partition is saved so often")
    snapshot_messages: int = Field(
        500_000, gt=0, description="... or after so many messages of a partition"
    )
    session_timeout_s: float = Field(
        10.0,
        ge=1,
        le=90,  # above its own request timeout Faust does not start
        description="Kafka group session timeout of a worker; the broker's bounds apply, too",
    )
    dead_letters_in_a_row: int = Field(100, gt=0, description="A worker stops past this many")
    dead_letter_ratio: float = Field(
        0.01, gt=0, le=1, description="... or past this share of an hour's messages"
    )
    step_errors: Literal["quarantine", "stop"] = Field(
        "quarantine", description="What the second exception of a step at one place does"
    )

    bars: str = Field(
        "1s,5s,15s,1m,5m,15m,30m,1h,1d,100t,100000v,0.5%",
        description="Bars of orderflow: of time, of trades (t), of volume (v), of range (%)",
    )

    derivatives_rate: float | None = Field(
        None, gt=-1, lt=1, description="Financing a year as a ratio, for fair values of futures"
    )
    derivatives_dividend_yield: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="... and dividends of the index a year; the service needs both",
    )
    derivatives_stale_spot_s: Seconds = Field(
        15.0, description="An index value is stale after so many seconds of trading"
    )
    derivatives_stale_future_s: Seconds = Field(
        60.0, description="... and a future without a quote or trade after so many"
    )

    writer_batch_rows: int = Field(5000, gt=0, description="Rows of one transaction, at most")
    writer_flush_s: Seconds = Field(0.2, description="A row waits at most this long")
    retention_days: int | None = Field(
        None, ge=2, le=36_500, description="Of live, rows older than that are dropped; unset: kept"
    )
    retention_book_days: int | None = Field(
        None, ge=2, le=36_500, description="... and quotes and book changes older than that"
    )
    columnstore_after_days: int | None = Field(
        None,
        ge=2,
        le=36_500,
        description="Of live, on TimescaleDB Community: chunks older than that become columns",
    )

    lag_interval_s: Seconds = Field(5.0, description="The lag exporter looks so often")

    gateway_host: str = Field(
        "127.0.0.1", min_length=1, description="Address the gateway listens on"
    )
    gateway_port: Port = Field(8650, description="Port of the gateway; 0: a free one")


def folder(settings: Settings, *names: str) -> Path:
    """
    A folder of the local stack's files, made where it is missing.

    Raises:
        SettingsError: it cannot be made.
    """
    path = settings.local_dir.joinpath(settings.stack, *names)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise SettingsError(
            f"VNTAPE_LOCAL_DIR: cannot make {path} ({e.strerror}); "
            "name a folder that this user may write to"
        ) from e
    return path
