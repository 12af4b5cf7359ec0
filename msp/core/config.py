"""Settings, read once from the environment. Start-up refuses what would be unsafe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from environs import Env

Environment = Literal["production", "demo", "test"]
_KNOWN_DEFAULTS = ("secret", "changeme", "change-me", "dev", "password", "default")


class ConfigError(RuntimeError):
    """A setting is missing or unsafe; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """Everything that comes from outside. Database addresses are per login role, see `docs/configuration.md`."""

    environment: Environment
    secret_keys: tuple[str, ...]
    portal_database_url: str
    console_database_url: str
    owner_database_url: str
    live_database_url: str
    redis_url: str
    console_host: str
    portal_domain: str
    scheme: Literal["http", "https"]
    live_url: str
    mail_url: str
    storage_url: str
    trusted_proxies: int
    static_prefix: str = "/static"
    max_file_bytes: int = 25_000_000
    max_files_per_message: int = 20
    max_client_file_bytes: int = 5_000_000_000
    outbox_days: int = 30
    runbook_loopback_port: int = 0

    @property
    def secret_key(self) -> str:
        """The key that signs and encrypts; older ones only read."""
        return self.secret_keys[0]

    @property
    def is_https(self) -> bool:
        return self.scheme == "https"

    def console_url(self, path: str = "/") -> str:
        return f"{self.scheme}://{self.console_host}{path}"

    @classmethod
    def from_env(cls) -> Self:
        """Read `MSP_*`; raise ConfigError with the variable's name."""
        env = Env(prefix="MSP_")
        scheme: Literal["http", "https"] = "https" if env.str("PUBLIC_SCHEME", "https") == "https" else "http"
        console_host = env.str("CONSOLE_HOST", "console.localhost:8000").lower()
        settings = cls(
            environment=_environment(env.str("ENVIRONMENT", "production")),
            secret_keys=_secret_keys(env.str("SECRET_KEY", "")),
            portal_database_url=_driver(env.str("PORTAL_DATABASE_URL", "")),
            console_database_url=_driver(env.str("CONSOLE_DATABASE_URL", "")),
            owner_database_url=_driver(env.str("OWNER_DATABASE_URL", "")),
            live_database_url=env.str("LIVE_DATABASE_URL", ""),
            redis_url=env.str("REDIS_URL", ""),
            console_host=console_host,
            portal_domain=env.str("PORTAL_DOMAIN", console_host.partition(".")[2] or console_host).lower(),
            scheme=scheme,
            live_url=env.str("LIVE_URL", ""),
            mail_url=env.str("MAIL_URL", "null:"),
            storage_url=env.str("STORAGE_URL", (Path.cwd() / "var" / "files").as_uri()),
            trusted_proxies=env.int("TRUSTED_PROXIES", 0),
            max_file_bytes=env.int("MAX_FILE_BYTES", 25_000_000),
            max_files_per_message=env.int("MAX_FILES_PER_MESSAGE", 20),
            max_client_file_bytes=env.int("MAX_CLIENT_FILE_BYTES", 5_000_000_000),
            outbox_days=_days(env.int("OUTBOX_DAYS", 30)),
            runbook_loopback_port=env.int("RUNBOOK_LOOPBACK_PORT", 0),
        )
        settings._check_scheme()
        settings._check_loopback()
        return settings

    def _check_scheme(self) -> None:
        host = urlsplit(f"//{self.console_host}").hostname or ""
        local = host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")
        if self.scheme == "http" and not local:
            raise ConfigError("MSP_PUBLIC_SCHEME=http is only for loopback hosts; cookies need https elsewhere")

    def _check_loopback(self) -> None:
        if self.runbook_loopback_port and self.environment == "production":
            raise ConfigError("MSP_RUNBOOK_LOOPBACK_PORT is only for the demonstration and for tests: runbooks must not reach this machine")
        if not 0 <= self.runbook_loopback_port <= 65535:
            raise ConfigError("MSP_RUNBOOK_LOOPBACK_PORT is a port of this machine, or 0 for none")


def _environment(value: str) -> Environment:
    if value not in ("production", "demo", "test"):
        raise ConfigError("MSP_ENVIRONMENT is one of production, demo, test")
    return value  # type: ignore[return-value]  # narrowed by the test above


def _secret_keys(value: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(",") if key.strip())
    if not keys:
        raise ConfigError("MSP_SECRET_KEY is not set; make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'")
    for key in keys:
        if len(key) < 32 or len(set(key)) < 10 or key.lower().startswith(_KNOWN_DEFAULTS):
            raise ConfigError("MSP_SECRET_KEY is a default or too weak: at least 32 random characters are needed")
    return keys


def _days(value: int) -> int:
    if not 1 <= value <= 3650:
        raise ConfigError("MSP_OUTBOX_DAYS is a number of days from 1 to 3650")
    return value


def _driver(url: str) -> str:
    """SQLAlchemy's name of the driver, whatever form the operator wrote."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
