"""`msp keys`: changing `MSP_SECRET_KEY` without losing what is stored under the old one."""

import sys

import click

from msp.cli.context import command
from msp.core.mail import sealing
from msp.core.secrets import Seals
from tenants.identity import second_factor


@click.group()
def keys() -> None:
    """Rotate `MSP_SECRET_KEY`.

    \b
    1. MSP_SECRET_KEY=new,old for every process, then restart them all
    2. msp keys renew     writes again under the new key what is stored under the old one
    3. msp keys check     says what still needs an older key; exit status 1 when something does
    4. MSP_SECRET_KEY=new, and restart
    """


@keys.command("renew")
def renew() -> None:
    """Write second factors and waiting mails again under the newest key. Safe to repeat."""
    with command() as by:
        factors, mails = second_factor.renew(by=by), sealing.renew(by=by)
    click.echo(f"Written again: {factors} second factors, {mails} mails.")
    _report()


@keys.command("check")
def check() -> None:
    """Say what is stored under which key; exit status 1 when something needs an older one, or one that is not listed."""
    _report()


def _report() -> None:
    with command() as by:
        found = {"second factors": second_factor.seals(by=by), "mails not sent yet": sealing.seals(by=by)}
    for name, seals in found.items():
        click.echo(f"{name}: {_words(seals)}")
    if any(seals.older or seals.unreadable for seals in found.values()):
        click.echo("An older key is still needed, or something was stored under a key that is not listed.")
        sys.exit(1)
    click.echo("Nothing of this needs an older key. API tokens and secrets of web-hooks: see docs/operations.md.")


def _words(seals: Seals) -> str:
    return f"{seals.current} under the newest key, {seals.older} under an older one, {seals.unreadable} under none that is listed"
