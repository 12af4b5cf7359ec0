"""The proof from end to end: a scratch database walked through, the live one compared with it."""

from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa

from msp.core import catalogue, clock, migrate
from msp.core.config import Settings
from msp.core.db import db
from msp.core.live import publish as live
from msp.core.tables import registry
from msp.prove import filters, gates, tables, trails
from msp.prove.openings import OPEN_ROUTES, UNREACHED
from msp.prove.report import Part, Report
from msp.prove.scratch import Scratch, scratch
from msp.prove.sides import World
from msp.prove.walk import Findings, walk, walk_with_tokens
from msp.prove.world import build, fingerprint
from msp.wsgi import FEATURES, app_of

Say = Callable[[str], None]


def prove(live_settings: Settings | None, admin_url: str | None, *, say: Say = print) -> Report:
    """Both parts; the report says what holds and, line by line, what does not."""
    say("Making a scratch database")
    with scratch(live_settings, admin_url) as made:
        console, portal = app_of("console", made.settings), app_of("portal", made.settings)
        world = build(made, console, portal)
        try:
            report = _report(made, live_settings)
            say("Asking every table and every query")
            report.parts += [table_part(made, world), filter_part(world)]
            say("Walking every route")
            report.parts += [gate_part(world), walk_part(made, world), token_part(made, world)]
            say("Listening to streams and caches")
            report.parts.append(channel_part(world))
            if live_settings is not None and live_settings.console_database_url:
                say("Comparing the live database")
                report.parts.append(live_part(made, live_settings))
            else:
                report.not_done.append("No live database is configured here: only the scratch database was proven.")
        finally:
            dispose(console, portal)
    return report


def _report(made: Scratch, live_settings: Settings | None) -> Report:
    with migrate.connected(made.owner_url) as connection:
        revision = migrate.present(connection) or "none"
    host = live_settings.console_host if live_settings else "none (scratch only)"
    return Report(host, clock.now(), revision, made.server)


def table_part(made: Scratch, world: World) -> Part:
    """Every client table under the roles of contacts and of limited agents."""
    names = tables.tables()
    part = Part("Tables", "The database shows and changes no row of another client, whoever asks and however.")
    part.figures = {"tables": len(names), "roles": 2, "columns of text that carry the other client's word": world.marked}
    part.notes = ["columns of text that take certain words only, and carry none", *world.unmarked]
    for name in names:
        part.failures += tables.failures(made, world, name)
    part.failures += trails.failures(made, world)
    with migrate.connected(made.owner_url) as connection:
        part.failures += catalogue.violations(catalogue.read(connection))
    return part


def filter_part(world: World) -> Part:
    """Every `visible_*` query without the help of the policies."""
    part = Part("Queries", "The application's own look-ups refuse rows of another client even where the database would not.")
    found = list(filters.filters(FEATURES, set(world.left.ids)))
    part.figures = {"queries": len(found)}
    for item in found:
        part.failures += filters.failures(world, item)
        if not filters.is_reached(world, item):
            part.failures.append(f"{item.label} gives nobody the row: the control fails")
    return part


def gate_part(world: World) -> Part:
    """Every route as nobody."""
    part = Part("Gates", "Whoever has not signed in passes nowhere but at the addresses that were reviewed as open.")
    part.figures = {"routes": sum(1 for app in (world.portal, world.console) for _ in app.url_map.iter_rules())}
    part.figures["open after review"] = len(OPEN_ROUTES)
    part.failures = gates.failures(world)
    return part


def walk_part(made: Scratch, world: World) -> Part:
    """Every route of both applications."""
    part = Part("Routes", "No address, search, export or form tells of another client or changes anything there.")
    _walk_into(part, made, world, walk)
    return part


def token_part(made: Scratch, world: World) -> Part:
    """The API once more with tokens: of a contact, of a limited agent, and of an agent without limits for one client only."""
    part = Part("API tokens", "A token tells of no other client than its own, and is worth nothing on another client's host.")
    _walk_into(part, made, world, walk_with_tokens)
    part.failures += gates.tokens_elsewhere(world)
    return part


def _walk_into(part: Part, made: Scratch, world: World, walked: Callable[..., Findings]) -> None:
    before: dict[str, str] = {}
    seen = walked(world, between=lambda: before.update(fingerprint(made, world.left)))
    after = fingerprint(made, world.left)
    part.failures = seen.failures
    part.failures += [f"the walk changed {table} of the other client" for table in before if before[table] != after[table]]
    part.figures = {
        "routes": len(seen.routes),
        "requests": seen.asked,
        "routes that show their owner his own data": len(seen.telling),
        "ways to change something": len(seen.writes),
        "of these done by the client's own people, and undone": len(seen.reached),
        "of these closed to them by their roles": len(seen.closed),
    }
    if seen.unreached:
        part.notes = [
            "open to the client's own people, but their requests were refused too: only refusals were seen",
            *map(_why, seen.unreached),
        ]
    if not seen.telling or not seen.reached:
        part.failures.append("no route shows its owner anything, or lets him change nothing: the control fails")


def _why(name: str) -> str:
    return name + next((f": {reason}" for end, reason in UNREACHED.items() if name.endswith(end)), "")


def channel_part(world: World) -> Part:
    """Streams name the viewer's own channels; nothing in Redis mixes clients."""
    part = Part("Streams and caches", "Live updates and caches carry ids of one client only.")
    connection = world.console.extensions["msp.redis"]
    foreign = str(world.left.tenant_id)
    streams = [key.decode() for key in connection.scan_iter("live:*")]
    part.figures = {"channels": len(streams)}
    for key in streams:
        if key == f"live:{live.STAFF}" or foreign in key:
            continue
        if any(foreign.encode() in value for _, body in connection.xrange(key) for value in body.values()):
            part.failures.append(f"{key} carries an id of the other client")
    for key in connection.scan_iter("*"):
        if connection.type(key) == b"string" and _tells(connection.get(key), world) and foreign.encode() not in key:
            part.failures.append(f"the cache key {key.decode()} carries another client's words under no name of his")
    return part


def _tells(value: Any, world: World) -> bool:
    return isinstance(value, bytes) and any(word in value for word in world.left.words)


def live_part(made: Scratch, settings: Settings) -> Part:
    """The live database beside the scratch one: read-only, without locks, every difference named."""
    part = Part("Live database", "Policies, grants, roles, flags, functions, keys and unique constraints are those that were proven.")
    with migrate.connected(made.owner_url) as connection:
        wanted = catalogue.read(connection)
    url = settings.owner_database_url or settings.console_database_url
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SET TRANSACTION READ ONLY"))
            connection.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
            present = catalogue.read(connection)
            connection.rollback()
    except (sa.exc.SQLAlchemyError, psycopg.Error) as error:
        part.failures.append(f"the live database cannot be read: {error}")
        return part
    finally:
        engine.dispose()
    part.figures = {**{kind: len(facts) for kind, facts in present.items()}, "tables in the registry": len(registry())}
    part.failures = catalogue.differences(wanted, present)
    return part


def dispose(*apps: Any) -> None:
    """Close what the proof's applications hold open."""
    for app in apps:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
        app.extensions["msp.redis"].close()
