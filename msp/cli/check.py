"""What web and workers refuse to start with."""

import click

from msp.core import migrate
from msp.core.config import ConfigError, Settings


def check_logins(surface: str) -> None:
    """Refuse a login above row-level security, a server too old, a login that is missing."""
    settings = Settings.from_env()
    urls = {"portal": settings.portal_database_url, "console": settings.console_database_url}
    for name in urls if surface == "both" else (surface,):
        if not urls[name]:
            raise ConfigError(f"MSP_{name.upper()}_DATABASE_URL is not set")
        with migrate.connected(urls[name]) as connection:
            migrate.check_server(connection)
            migrate.refuse_powerful(connection)


def warn_of_mail() -> None:
    """Say it where a production sends no mail: nothing else would, until somebody waits for one."""
    settings = Settings.from_env()
    if settings.environment == "production" and settings.mail_url == "null:":
        click.echo("msp: warning: MSP_MAIL_URL is not set, so no mail is sent", err=True)
