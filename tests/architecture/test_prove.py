"""The proof of isolation holds, and notices when a safeguard is gone (three of them here; `make prove` takes all)."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from msp.core import catalogue, migrate
from msp.prove import filters, gates, kinds
from msp.prove.forms import Control, Form
from msp.prove.proof import channel_part, dispose, filter_part, table_part
from msp.prove.report import Part, Report
from msp.prove.scratch import Scratch, scratch
from msp.prove.sides import World
from msp.prove.walk import walk
from msp.prove.world import build, fingerprint
from msp.wsgi import app_of
from tests.prove.removals import Removal, removals

SAMPLED = (
    "policy ticket.tenant_rows",
    "restrictive rule message.no_internal_rows",
    "filter msp.itsm.tickets.queries.visible_ticket",
)


@pytest.fixture(scope="module")
def proven() -> Iterator[tuple[Scratch, World]]:
    with scratch(None, None) as made:
        console, portal = app_of("console", made.settings), app_of("portal", made.settings)
        yield made, build(made, console, portal)
        dispose(console, portal)


def test_tables_queries_and_channels_hold(proven: tuple[Scratch, World]) -> None:
    made, world = proven
    for part in (table_part(made, world), filter_part(world), channel_part(world)):
        assert part.failures == [], part.title
    assert len(list(filters.filters(("tenants", "msp.itsm.tickets"), set(world.left.ids)))) >= 5


def test_a_route_of_each_application_holds(proven: tuple[Scratch, World]) -> None:
    """One look-up by id on each side; `msp prove-isolation` walks all of them."""
    _, world = proven
    for endpoint in ("ticket.page", "files.download"):
        seen = walk(world, only=endpoint)
        assert (seen.failures, seen.asked > 0) == ([], True), endpoint


def test_a_route_that_tells_and_one_that_answers_otherwise_are_noticed(proven: tuple[Scratch, World], monkeypatch: Any) -> None:
    """Two faults of the kind that the database cannot prevent: words kept in the process, and an answer that depends on them."""
    _, world = proven
    refs = set(world.left.refs)
    monkeypatch.setitem(world.console.view_functions, "ticket.page", lambda ref: f"like those of {world.left.canary}")
    assert any("tells “zebrafinch”" in line for line in walk(world, only="ticket.page").failures)
    monkeypatch.setitem(world.console.view_functions, "ticket.page", lambda ref: "elsewhere" if ref in refs else "nowhere")
    assert any("answered otherwise" in line for line in walk(world, only="ticket.page").failures)


def test_what_the_owner_may_do_is_undone(proven: tuple[Scratch, World]) -> None:
    made, world = proven
    before, after = fingerprint(made, world.left), dict[str, str]()
    seen = walk(world, only="acts.note", between=lambda: after.update(fingerprint(made, world.left)))
    assert (seen.failures, seen.reached) == ([], {"console POST /tickets/<ref>/note"})
    assert (after["message"], after["ticket"]) == (before["message"], before["ticket"])


@pytest.mark.parametrize("name", ["the clients it is good for", "the host it is good for"])
def test_a_token_that_reaches_too_far_is_noticed(proven: tuple[Scratch, World], name: str) -> None:
    removal = _named(proven, f"token's limit {name}")
    assert removal.check() == []
    assert removal.is_noticed()
    assert removal.check() == []


def test_the_other_clients_word_stands_in_every_text_that_takes_one(proven: tuple[Scratch, World]) -> None:
    """Also in those that nobody filled in, and as an address where an address belongs."""
    made, world = proven
    with migrate.connected(made.owner_url) as connection:
        address = connection.exec_driver_sql("SELECT mail_from FROM branding WHERE mail_from LIKE '%%zebrafinch%%'").scalar_one()
        phones = connection.exec_driver_sql("SELECT count(*) FROM contact WHERE phone LIKE '%%zebrafinch%%'").scalar_one()
    assert address.startswith("canary-")
    assert address.endswith("@zebrafinch.example")
    assert phones > 0
    assert {name.rpartition(".")[2] for name in world.unmarked}.isdisjoint(
        {"name", "text", "body", "subject", "note", "phone", "mail_from"}
    )
    assert world.marked > len(world.unmarked) / 2


def test_a_bulk_act_is_undone_by_its_own_agent_and_by_no_other(proven: tuple[Scratch, World]) -> None:
    _, world = proven
    seen = walk(world, only="bulk.undo")
    assert (seen.failures, seen.reached) == ([], {"console POST /queue/bulk/<uuid:run_id>/undo"})


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("ordering.order", "portal POST /catalogue/items/<uuid:item_id>"),
        ("approval_link.decide", "portal POST /decide/<token>"),
    ],
)
def test_a_lived_in_clients_people_order_and_decide_and_nobody_else_does(proven: tuple[Scratch, World], endpoint: str, name: str) -> None:
    _, world = proven
    seen = walk(world, only=endpoint)
    assert (seen.failures, seen.reached) == ([], {name})


def test_an_id_is_first_taken_for_one_of_the_practice_that_the_address_names() -> None:
    known = {"bulk_item", "catalog_category", "catalog_item", "catalog_template", "category", "template"}
    for name, place, kind in (
        ("category_id", "/tickets", "category"), ("category_id", "/clients/<uuid:tenant_id>/catalogue/items", "catalog_category"),
        ("item_id", "/catalogue/items/<uuid:item_id>", "catalog_item"), ("template_id", "/clients/<uuid:tenant_id>/sla", "template"),
        ("template_id", "/settings/catalogue/<uuid:template_id>", "catalog_template"),
    ):  # fmt: skip
        assert kinds.fitting(name, known, place)[0] == kind, (name, place)


def test_of_numbered_rows_of_a_form_the_first_alone_is_tried_with_foreign_ids() -> None:
    shown = [Control(name, "select", options=[str(UUID(int=1))]) for name in ("site", "0-agent", "1-agent", "1-team")]
    assert Form("POST", "/", [*shown, Control("upload", "file")]).id_fields() == ["site", "0-agent", "1-team", "attachment"]


TAMPERED = {
    "policies: ticket.tenant_rows": "DROP POLICY tenant_rows ON ticket",
    "grants: message to msp_tenant": "GRANT DELETE ON message TO msp_tenant",
    "tables: ticket": "ALTER TABLE ticket NO FORCE ROW LEVEL SECURITY",
    "functions: scope_tenant()": "CREATE OR REPLACE FUNCTION scope_tenant() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid'",
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_database_that_was_tampered_with_is_told_from_the_proven_one(proven: tuple[Scratch, World], name: str) -> None:
    made, _ = proven
    engine = sa.create_engine(made.owner_url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        wanted = catalogue.read(connection)
        assert catalogue.differences(wanted, catalogue.read(connection)) == []
        connection.exec_driver_sql(TAMPERED[name])
        said = catalogue.differences(wanted, catalogue.read(connection))
        connection.rollback()
    assert any(line.startswith(f"{name} ") for line in said), said


def test_the_consoles_login_sees_the_same_catalogue_as_the_owner(proven: tuple[Scratch, World]) -> None:
    """The live part reads with whichever of the two it is given."""
    made, _ = proven
    pictures = []
    for url in (made.owner_url, made.settings.console_database_url):
        with migrate.connected(url) as connection:
            pictures.append(catalogue.read(connection))
    assert catalogue.differences(*pictures) == []
    assert len(pictures[1]["grants"]) > 100


@pytest.mark.parametrize("name", SAMPLED)
def test_a_removed_safeguard_is_noticed(proven: tuple[Scratch, World], name: str) -> None:
    removal = _named(proven, name)
    assert removal.check() == [], "it holds while the safeguard is there"
    assert removal.is_noticed()
    assert removal.check() == [], "it holds again"


@pytest.mark.parametrize("kind", ["gate", "gate's right"])
def test_a_gate_that_is_no_longer_held_is_noticed_by_what_the_route_answers(proven: tuple[Scratch, World], kind: str) -> None:
    """Its declaration stands: only the behaviour of the route differs."""
    removal = _named(proven, f"{kind} console agents.page")
    assert removal.check() == []
    assert any(f" {gates.PASSES} " in line for line in removal.said())
    assert removal.check() == []


def test_a_gate_whose_service_refuses_too_is_noticed_by_the_view_that_begins(proven: tuple[Scratch, World]) -> None:
    said = _named(proven, "gate's right console acts.note").said()
    assert said == [f"console /tickets/<ref>/note: POST {gates.BEGINS} {gates.BARE}, though it refuses in the end"]


def test_the_report_names_every_failure() -> None:
    from datetime import UTC, datetime

    report = Report("here", datetime(2027, 3, 31, tzinfo=UTC), "0001", "a server")
    report.parts = [Part("Tables", "They hold."), Part("Routes", "They do not.", failures=["GET /x tells “zebra”"])]
    assert "ISOLATION DOES NOT HOLD" in report.as_text()
    assert "- GET /x tells “zebra”" in report.as_text()
    assert json.loads(report.as_json())["holds"] is False


def _named(proven: tuple[Scratch, World], name: str) -> Removal:
    return next(removal for removal in removals(*proven) if f"{removal.kind} {removal.name}" == name)
