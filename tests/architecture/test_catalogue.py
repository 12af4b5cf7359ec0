"""The running database is what the registry says: kinds, keys, flags, policies, grants, functions."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from migrations.functions import identity, search
from msp.core import catalogue, migrate
from msp.core.db import Base
from msp.core.features import load_models
from msp.core.tables import registry
from msp.prove.scratch import scratch
from msp.wsgi import FEATURES
from tests.support.servers import Servers

load_models(FEATURES)


@pytest.fixture(scope="module")
def owner(servers: Servers) -> Any:
    with migrate.connected(servers.url("msp_owner", "postgresql+psycopg")) as connection:
        yield connection


def test_the_database_is_as_the_registry_demands(owner: sa.Connection) -> None:
    assert catalogue.violations(catalogue.read(owner)) == []


def test_every_platform_and_trail_table_has_its_reason() -> None:
    assert [name for name, kind in registry().items() if kind.kind in ("platform", "trail") and not kind.reason] == []


def test_the_reviewed_functions_are_all_there_is(owner: sa.Connection) -> None:
    found = {name for name, facts in catalogue.read(owner)["functions"].items() if facts["definer"]}
    assert {name.partition("(")[0] for name in found} == reviewed()


def reviewed() -> set[str]:
    """Names of the functions that run with rights of their own, each reviewed in `migrations/functions`."""
    import importlib
    import pkgutil

    import migrations.functions as package

    names = {search.SIGNATURE.partition("(")[0]}
    for module in pkgutil.iter_modules(package.__path__):
        listed = getattr(importlib.import_module(f"migrations.functions.{module.name}"), "FUNCTIONS", [])
        names |= {signature.partition("(")[0] for signature, *_ in listed}
    return names


def test_models_and_migrations_agree(owner: sa.Connection) -> None:
    context = MigrationContext.configure(owner, opts={"compare_type": True})
    assert compare_metadata(context, Base.metadata) == []


def test_there_is_one_head(servers: Servers) -> None:
    assert len(migrate.heads(servers.url("msp_owner"))) == 1


def test_the_newest_migration_goes_down_and_up() -> None:
    with scratch(None, None) as made:
        migrate.downgrade(made.owner_url, "-1")
        migrate.upgrade(made.owner_url)
        with migrate.connected(made.owner_url) as connection:
            assert catalogue.violations(catalogue.read(connection)) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DROP POLICY tenant_rows ON ticket", "ticket: the policy tenant_rows is missing"),
        ("DROP POLICY no_internal_rows ON message", "message: internal rows are not hidden from contacts"),
        ("ALTER TABLE site NO FORCE ROW LEVEL SECURITY", "site: row-level security is not enabled and forced"),
        ("GRANT SELECT ON agent TO msp_tenant", "agent: msp_tenant holds ['SELECT'] instead of []"),
        ("GRANT SELECT ON contact TO msp_portal", "contact: msp_portal has a right on it by itself"),
        ("CREATE TABLE forgotten (id int)", "forgotten is not in the registry"),
        ("CREATE VIEW everything AS SELECT * FROM ticket", "everything is a v: views over tenant data are not allowed"),
        ("ALTER TABLE site ADD CONSTRAINT only_one UNIQUE (id)", "site: UNIQUE (id) would tell one client about another"),
    ],
)
def test_damage_is_named(owner: sa.Connection, damage: str, told: str) -> None:
    with owner.engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        connection.exec_driver_sql(damage)
        assert told in catalogue.violations(catalogue.read(connection))
        connection.rollback()


def test_the_reviewed_functions_name_their_roles() -> None:
    assert all(roles for _, _, roles in identity.FUNCTIONS)
