"""`msp db`: roles, schema, and whether both are as they should be."""

import json
import sys

import click
import sqlalchemy as sa

from msp.cli.check import warn_of_mail
from msp.core import migrate
from msp.core.config import Settings
from msp.core.features import load_models
from msp.core.tables import registry
from msp.wsgi import FEATURES


@click.group()
def db() -> None:
    """Make roles, bring the schema up to date, check both."""


@db.command()
@click.option("--admin-url", help="a superuser's address of the server, as postgresql://postgres@host/postgres")
@click.option("--database", default="msp", show_default=True, help="name of the database to make")
@click.option("--owner-password", envvar="MSP_OWNER_PASSWORD", help="password of msp_owner; also read from MSP_OWNER_PASSWORD")
@click.option("--portal-password", envvar="MSP_PORTAL_PASSWORD", help="password of msp_portal")
@click.option("--console-password", envvar="MSP_CONSOLE_PASSWORD", help="password of msp_console")
@click.option("--live-password", envvar="MSP_LIVE_PASSWORD", help="password of msp_live")
@click.option("--print", "only_print", is_flag=True, help="print the SQL for a database administrator and change nothing")
def bootstrap(
    admin_url: str | None, database: str, owner_password: str | None, portal_password: str | None,
    console_password: str | None, live_password: str | None, only_print: bool,
) -> None:  # fmt: skip
    """Make the database, its roles, logins and grants. Safe to repeat; passwords not given stay as they are."""
    from migrations import roles

    given = {
        "msp_owner": owner_password, "msp_portal": portal_password, "msp_console": console_password, "msp_live": live_password,
    }  # fmt: skip
    passwords = {login: password for login, password in given.items() if password}
    if only_print:
        shown = dict.fromkeys(given, "CHANGE THIS")
        click.echo(f'CREATE DATABASE "{database}";')
        for statement in roles.statements(database, shown):
            click.echo(statement + ";")
        click.echo(f"\\connect {database}")
        for statement in roles.schema_statements():
            click.echo(statement + ";")
        return
    if not admin_url:
        raise click.UsageError("--admin-url is needed (or --print)")
    url = admin_url.replace("postgresql://", "postgresql+psycopg://", 1)
    migrate.bootstrap(url, database, passwords)
    click.echo(f"The database {database} has its roles.")


@db.command()
@click.option("--to", "revision", default="head", show_default=True, help="revision to go to")
def upgrade(revision: str) -> None:
    """Bring the schema up to date, as the owner (MSP_OWNER_DATABASE_URL)."""
    migrate.upgrade(_owner_url(), revision)
    click.echo("The schema is up to date.")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="answer as JSON")
def check(as_json: bool) -> None:
    """Compare the schema with the code; exit status 1 when it is behind."""
    url = _owner_url()
    warn_of_mail()
    load_models(FEATURES)
    with migrate.connected(url) as connection:
        migrate.check_server(connection)
        present, wanted = migrate.present(connection), migrate.heads(url)
        tables = set(sa.inspect(connection).get_table_names())
    missing = sorted(set(registry()) - tables)
    fine = [present] == wanted and not missing
    if as_json:
        click.echo(json.dumps({"ok": fine, "present": present, "wanted": wanted, "missing_tables": missing}))
    else:
        click.echo("The schema is up to date." if fine else f"The schema stands at {present}, the code wants {wanted[0]}.")
    sys.exit(0 if fine else 1)


def _owner_url() -> str:
    url = Settings.from_env().owner_database_url
    if not url:
        raise click.UsageError("MSP_OWNER_DATABASE_URL is not set")
    return url
