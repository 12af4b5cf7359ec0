"""`msp prove-isolation`: the proof that no client sees another, made anew."""

from pathlib import Path

import click

from msp.core.config import ConfigError, Settings


@click.command("prove-isolation")
@click.option("--admin-url", envvar="MSP_ADMIN_DATABASE_URL",
              help="a superuser's address of the installation's server, to make the scratch database there instead of on an embedded one")
@click.option("--json", "as_json", is_flag=True, help="print the report as JSON")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="folder for isolation-proof.json and isolation-proof.txt")
def prove_isolation(admin_url: str | None, as_json: bool, output: Path | None) -> int:
    """Prove that no client sees another, and that this installation is what was proven.

    \b
    (a) In a scratch database that is made, migrated and dropped: two clients, a canary in every text of one of them, and every
        table, query, route, search, file and stream asked as the wrong client and as an agent limited to the other one.
    (b) In the live database, read-only and without locks: policies, grants, roles, functions and keys are compared with (a).

    Exit status 0 when isolation holds, 1 when it does not; every failure is named.
    """
    from msp.prove.proof import prove

    try:
        live: Settings | None = Settings.from_env()
    except ConfigError:
        live = None
    report = prove(live, admin_url, say=lambda words: click.echo(words + " …", err=True))
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / "isolation-proof.json").write_text(report.as_json())
        (output / "isolation-proof.txt").write_text(report.as_text() + "\n")
    click.echo(report.as_json() if as_json else report.as_text())
    return 0 if report.holds else 1
