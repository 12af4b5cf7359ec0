"""The command `msp`: every subcommand lives in a module of its own and is imported when it is called."""

import importlib
import sys

import click

from msp.cli import running
from msp.core.errors import MspError

COMMANDS = {
    "up": "up",
    "web": "serve",
    "live": "serve",
    "worker": "serve",
    "cron": "serve",
    "example-endpoint": "example_endpoint",
    "db": "db",
    "demo": "demo",
    "admin": "people",
    "tenant": "people",
    "agent": "people",
    "keys": "keys",
    "import": "imports",
    "sla": "sla",
    "prove-isolation": "prove",
}


class LazyGroup(click.Group):
    """Imports a subcommand's module only when it is needed, so that `msp sla evaluate` starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"msp.cli.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_") + ("_" if cmd_name == "import" else ""))
        return found


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="msp")
@click.pass_context
def cli(context: click.Context) -> None:
    """The service platform for managed service providers.

    \b
    To try it:            msp up        (or: make run)
    To install it:        msp db bootstrap, msp db upgrade, msp admin create
    To run its parts:     msp web, msp live, msp worker, msp cron
    To ask the SLA clock: msp sla evaluate < questions.jsonl
    To prove isolation:   msp prove-isolation

    Settings come from MSP_* variables; docs/configuration.md lists them. Beside a running `msp up`, commands
    that name no database use the demonstration's.
    Exit status: 0 done, 1 done in part or refused, 2 wrong use.
    """
    running.adopt(context.invoked_subcommand)


def main() -> None:
    """Run the command; a typed error is one line on standard error and exit status 1."""
    try:
        status = cli(standalone_mode=False)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (MspError, RuntimeError) as error:
        click.echo(f"msp: {error}", err=True)
        for wrong in getattr(error, "errors", ()):
            click.echo(f"  {wrong.pointer.lstrip('/') or 'input'}: {wrong.message}", err=True)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
