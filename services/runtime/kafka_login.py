"""
How to log in to a Kafka, by its address: what `~/.pgpass` is to libpq.

The command line says it once; every client that `services.runtime` makes for that address
logs in so. An address of which nothing was said is talked to in plain text.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any

from aiokafka import conn, errors

from services.runtime.settings import Settings, SettingsError

PROBE_S = 5.0
_TO_SERVERS = ssl.Purpose.SERVER_AUTH


@dataclass(frozen=True)
class Login:
    """
    Attributes:
        context: None: plain text.
        user: None: nobody logs in.
    """

    context: ssl.SSLContext | None = None
    mechanism: str = "PLAIN"
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def options(self) -> dict[str, Any]:
        """The part of the arguments of aiokafka's clients that this is."""
        if self.context is None:
            return {"security_protocol": "PLAINTEXT"}
        if self.user is None:
            return {"security_protocol": "SSL", "ssl_context": self.context}
        return {
            "security_protocol": "SASL_SSL",
            "ssl_context": self.context,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }


_PLAIN = Login()
_logins: dict[str, Login] = {}


def of(settings: Settings) -> Login:
    """
    The login that the settings describe.

    Raises:
        SettingsError: naming the variable that is missing, idle or of no use.
    """
    security, secret = settings.kafka_security, settings.kafka_password
    login = {"VNTAPE_KAFKA_USER": settings.kafka_user, "VNTAPE_KAFKA_PASSWORD": secret}
    if security == "sasl_ssl" and None in login.values():
        missing = " and ".join(name for name, value in login.items() if value is None)
        raise SettingsError(f"VNTAPE_KAFKA_SECURITY=sasl_ssl needs {missing}")
    idle = [name for name, value in login.items() if value is not None and security != "sasl_ssl"]
    if settings.kafka_ca is not None and security == "plaintext":
        idle.append("VNTAPE_KAFKA_CA")
    if idle:
        # A password that was meant to protect must not be left out without a word.
        raise SettingsError(
            f"{', '.join(idle)} set, but VNTAPE_KAFKA_SECURITY={security} does not use it: "
            "set it to sasl_ssl (or ssl, with no login)"
        )
    if security == "plaintext":
        return _PLAIN
    try:
        context = ssl.create_default_context(_TO_SERVERS, cafile=settings.kafka_ca)
    except (ssl.SSLError, OSError) as e:
        raise SettingsError(f"VNTAPE_KAFKA_CA: {settings.kafka_ca} holds no certificate") from e
    password = None if secret is None else secret.get_secret_value()
    return Login(context, settings.kafka_mechanism, settings.kafka_user, password)


def use(address: str, login: Login) -> None:
    """From now on, clients of this address log in so."""
    _logins[address] = login


def at(address: str) -> Login:
    """What was said of an address."""
    return _logins.get(address, _PLAIN)


async def refusal(address: str, login: Login | None = None) -> str | None:
    """
    Why the servers of an address do not let us in, in a sentence that names the variable.

    None: one does, or none is there to ask.

    Args:
        login: instead of what was said of the address.
    """
    login = login or at(address)
    said: str | None = None
    for server in address.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            async with asyncio.timeout(PROBE_S):
                made = await conn.create_conn(
                    host.strip("[]"), int(port), client_id="vntape-login", **login.options()
                )
        except (OSError, TimeoutError, errors.KafkaError) as e:
            said = said or _sentence(e, server.strip(), login)
        else:
            made.close()
            return None
    return said


def _sentence(error: Exception, server: str, login: Login) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        if "Hostname mismatch" in str(error) or "IP address mismatch" in str(error):
            name = server.rpartition(":")[0]
            return f"VNTAPE_KAFKA: the certificate of {server} is not of {name} ({error.reason})"
        return (
            f"VNTAPE_KAFKA_CA is not the authority of the certificate of Kafka at {server} "
            f"({error.verify_message})"
        )
    if isinstance(error, ssl.SSLError):
        return f"VNTAPE_KAFKA_SECURITY asks for TLS, which {server} does not speak ({error.reason})"
    if isinstance(error, errors.SaslAuthenticationFailed):
        return (
            f"Kafka at {server} knows no user {login.user} with this password: check "
            "VNTAPE_KAFKA_USER and VNTAPE_KAFKA_PASSWORD"
        )
    if isinstance(error, errors.UnsupportedSaslMechanismError):
        return f"VNTAPE_KAFKA_MECHANISM: Kafka at {server} does not offer {login.mechanism}"
    if isinstance(error, errors.KafkaError) and login.context is None:
        # A listener with TLS hangs up on what is no handshake.
        return (
            f"Kafka at {server} hung up: where it speaks TLS, set VNTAPE_KAFKA_SECURITY to "
            "sasl_ssl (or ssl, with no login)"
        )
    return None
