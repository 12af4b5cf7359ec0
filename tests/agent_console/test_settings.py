"""Settings in the console: the overview, canned replies, and work that did not get done."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.audit import AuditEntry
from msp.core.db import db
from msp.core.outbox.models import Outbox
from msp.itsm.macros.models import Macro
from tests.support import identity, pages, world
from tests.support.pages import words
from tests.support.servers import Servers


@pytest.fixture
def admin(sit: Any) -> Any:
    return sit(roles=("admin",))


def test_the_overview_shows_what_one_may_set(admin: Any, sit: Any) -> None:
    said = words(admin.get("/settings"))
    assert all(word in said for word in ("Canned replies", "Service levels", "Agents", "Teams", "Outbox"))
    seen = words(sit(roles=("read_only",)).get("/settings")).partition("Work")[2]
    assert "Teams" in seen
    assert "Outbox" not in seen


# --- Canned replies ---------------------------------------------------------------------------------------------------


def test_a_canned_reply_is_written_looked_at_and_changed(console_app: Any, admin: Any) -> None:
    name = world.unique("Ask for a photo ")
    fields = {
        "name": name,
        "folder": "Questions",
        "body": "Dear {requester.first_name},\nplease send a photo.\n{agent.name}",
        "then_status": "waiting_for_client",
    }
    looked = admin.post("/settings/macros/new", look="1", **fields)
    assert looked.status_code == 200
    assert "Dear Amelia, please send a photo. Priya Nair" in words(looked)
    assert pages.fields(looked.text, "macro")["name"] == name
    assert admin.post("/settings/macros/new", **fields).status_code == 303
    with world.as_staff(console_app):
        macro = db.session.scalars(sa.select(Macro).where(Macro.name == name)).one()
    listed = words(admin.get("/settings/macros"))
    assert name in listed
    assert "Questions" in listed
    changed = {**fields, "body": "Thank you.", "then_status": "", "version": "1"}
    assert admin.post(f"/settings/macros/{macro.id}", **changed).status_code == 303
    with world.as_staff(console_app):
        macro = db.session.scalars(sa.select(Macro).where(Macro.name == name)).one()
        assert (macro.body, macro.then_status, macro.is_active) == ("Thank you.", None, False)
    assert admin.post(f"/settings/macros/{macro.id}", **changed).status_code == 412


def test_unknown_variables_and_bad_input_are_refused(admin: Any) -> None:
    wrong = admin.post("/settings/macros/new", name=world.unique("Typo "), body="Dear {requester.firstname}")
    assert wrong.status_code == 422
    assert "There is no variable {requester.firstname}. Did you mean {requester.first_name}?" in words(wrong)
    assert pages.fields(wrong.text, "macro")["body"] == "Dear {requester.firstname}"
    assert admin.post("/settings/macros/new", name="", body="").status_code == 422
    assert admin.post("/settings/macros/new", name="x", body="x", then_status="nonsense").status_code == 422
    assert admin.get(f"/settings/macros/{uuid4()}").status_code == 404


def test_canned_replies_are_read_by_agents_and_written_by_leads(sit: Any) -> None:
    desk, lead = sit(), sit(roles=("lead",))
    name = world.unique("Hello ")
    assert desk.post("/settings/macros/new", name=name, body="Hello").status_code == 403
    assert lead.post("/settings/macros/new", name=name, body="Hello").status_code == 303
    assert name in desk.get("/settings/macros").text


# --- Work that did not get done ---------------------------------------------------------------------------------------


@pytest.fixture
def parked(console_app: Any, servers: Servers, acme: Any) -> Any:
    """A mail of Acme's that gave up."""
    from msp.core.outbox import services

    with world.as_staff(console_app):
        id = services.enqueue("mail.send", {"to": "x@acme.example"}, tenant_id=acme.id)
    identity.change(
        servers, "UPDATE outbox SET parked_at = now(), attempts = 8, error = 'SMTPRecipientsRefused: no such box' WHERE id = %s", id
    )
    return id


def test_work_that_gave_up_is_shown_and_sent_again(console_app: Any, servers: Servers, acme: Any, admin: Any, parked: Any) -> None:
    page = words(admin.get("/settings/outbox"))
    assert "SMTPRecipientsRefused: no such box" in page
    assert acme.tenant.name in page
    assert admin.post(f"/settings/outbox/{parked}", at=clock.now()).status_code == 303
    [row] = identity.rows(servers, "SELECT parked_at, attempts FROM outbox WHERE id = %s", parked)
    assert (row["parked_at"], row["attempts"]) == (None, 0)
    [entry] = identity.rows(servers, f"SELECT action, actor_name FROM {AuditEntry.__tablename__} WHERE subject_id = %s", parked)
    assert (entry["action"], entry["actor_name"]) == ("sent again", admin.actor.name)
    assert admin.post(f"/settings/outbox/{parked}").status_code == 404, "it is not parked any more"
    assert "being tried again" in words(admin.get("/settings"))
    assert "SMTPRecipientsRefused" in words(admin.get("/settings/outbox?state=failing"))


def test_the_outbox_is_for_administrators(acme: Any, birch: Any, sit: Any, parked: Any) -> None:
    assert sit(roles=("lead",)).get("/settings/outbox").status_code == 403
    assert sit(roles=("lead",)).post(f"/settings/outbox/{parked}").status_code == 403
    stranger = sit(birch, roles=("admin",))
    assert "SMTPRecipientsRefused" not in stranger.get("/settings/outbox").text
    assert stranger.post(f"/settings/outbox/{parked}").status_code == 403
    assert stranger.post(f"/settings/outbox/{uuid4()}").status_code == 403, "as for an id that is nobody's"
    own = sit(acme, roles=("admin",))
    assert "Only whoever sees every client can send work again" in words(own.get("/settings/outbox"))


def test_a_row_that_is_done_cannot_be_sent_again(console_app: Any, servers: Servers, admin: Any, parked: Any) -> None:
    identity.change(servers, "UPDATE outbox SET done_at = now() WHERE id = %s", parked)
    assert admin.post(f"/settings/outbox/{parked}").status_code == 404
    with world.as_staff(console_app):
        assert db.session.get(Outbox, parked).done_at is not None  # type: ignore[union-attr]  # it was made above
