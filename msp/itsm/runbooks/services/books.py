"""Writing runbooks: each save is a version of its own, which never changes; trying one; taking them elsewhere."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import audit, clock
from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from msp.core.ids import new_id
from msp.itsm.runbooks import calling, content, queries
from msp.itsm.runbooks.calling import Answer
from msp.itsm.runbooks.models import NAME_LENGTH, Runbook, RunbookVersion
from tenants import queries as tenants
from tenants.permissions import Permission

MOST = 500


def add_runbook(name: str, given: Mapping[str, Any], *, by: Actor, client_id: UUID | None = None) -> Runbook:
    """A runbook that can be run from now on; for all clients, or for one. Invalid says where the content is wrong."""
    by.require(Permission.RUNBOOK_MANAGE)
    _must_reach(client_id, by=by)
    checked, now = content.read(given), clock.now()
    if (db.session.scalar(sa.select(sa.func.count(Runbook.id))) or 0) >= MOST:
        raise Conflict(f"There are {MOST} runbooks already.")
    made = Runbook(
        id=new_id(), tenant_id=by.provider_id or call("provider")[0]["id"], name=_name(name), client_id=client_id, number=1, is_active=True,
        secret_number=1, owner_name=by.name, created_at=now, updated_at=now,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _write(made, checked, by)
    return made


def change_runbook(
    runbook_id: UUID, *, version: int, by: Actor, name: str | None = None, given: Mapping[str, Any] | None = None,
    is_active: bool | None = None,
) -> Runbook:  # fmt: skip
    """Another name, another content as the next version, or switched on or off; runs that have begun stay as they are."""
    by.require(Permission.RUNBOOK_MANAGE)
    runbook = _mine(runbook_id, version, by=by)
    if name is not None:
        runbook.name = _name(name)
    if is_active is not None:
        runbook.is_active = is_active
    if given is not None:
        checked, acting = content.read(given), queries.latest([runbook])[runbook.id]
        if checked.dump() != acting.content:
            runbook.number += 1
            _write(runbook, checked, by)
    return _saved(runbook)


def renew_secret(runbook_id: UUID, *, version: int, by: Actor) -> Runbook:
    """Another secret; the one before signs as well until the next is made, so that the other side can be changed meanwhile."""
    by.require(Permission.RUNBOOK_MANAGE)
    runbook = _mine(runbook_id, version, by=by)
    runbook.secret_number += 1
    return _saved(runbook)


def send_test(runbook_id: UUID, *, by: Actor) -> Answer:
    """Call the address once with a message of the type `runbook.test`, which asks for nothing; what came back."""
    by.require(Permission.RUNBOOK_MANAGE)
    runbook = queries.visible_runbook(runbook_id, by=by)
    _must_reach(runbook.client_id, by=by)
    said, id = content.stored(queries.latest([runbook])[runbook.id].content), new_id()
    inputs = {each.name: f"example of {each.name}" for each in said.inputs}
    body = {"type": "runbook.test", "run_id": str(id), "runbook": runbook.name, "inputs": inputs}
    answer = calling.send(said.url, body, id=id, secrets=calling.secrets_of(runbook))
    audit.note(db.session(), "tested", "runbook", runbook.id, tenant_id=runbook.tenant_id, changes={"answer": answer.words})
    return answer


def export_runbooks(*, by: Actor) -> list[dict[str, Any]]:
    """Every runbook that the agent sees as JSON; secrets are no part of it."""
    by.require(Permission.RUNBOOK_MANAGE)
    found, cursor = [], None
    while True:
        page = queries.runbook_page(by=by, cursor=cursor, limit=100)
        found += page.rows
        if (cursor := page.next) is None:
            break
    latest = queries.latest(found)
    return [
        {"name": each.name, "client_id": str(each.client_id) if each.client_id else None, "content": latest[each.id].content}
        for each in found
    ]


def import_runbooks(given: list[dict[str, Any]], *, by: Actor) -> list[Runbook]:
    """Add runbooks as `export_runbooks` gives them, each with a secret of its own; all of them or none. They are switched off.

    Invalid, under `/runbooks/n/…`, says what is wrong in which.
    """
    by.require(Permission.RUNBOOK_MANAGE)
    made, wrong = list[Runbook](), list[FieldError]()
    for place, each in enumerate(given):
        at = f"/runbooks/{place}"
        try:
            made.append(add_runbook(each["name"], each["content"], client_id=each.get("client_id"), by=by))
        except NotFound:
            wrong.append(FieldError(f"{at}/client_id", "unknown", "There is no such client."))
        except Invalid as refused:
            inside = {error: "" if error.pointer == "/name" else "/content" for error in refused.errors}
            wrong += [FieldError(f"{at}{part}{error.pointer}", error.code, error.message) for error, part in inside.items()]
    if wrong:
        raise Invalid(errors=wrong)
    for runbook in made:
        runbook.is_active = False
    db.session.flush()
    return made


def _write(runbook: Runbook, checked: content.Content, by: Actor) -> None:
    db.session.add(RunbookVersion(
        id=new_id(), tenant_id=runbook.tenant_id, runbook_id=runbook.id, number=runbook.number, content=checked.dump(),
        author_name=by.name, created_at=clock.now(),
    ))  # fmt: skip
    db.session.flush()


def _mine(runbook_id: UUID, version: int, *, by: Actor) -> Runbook:
    runbook = queries.visible_runbook(runbook_id, by=by, for_update=True)
    tenants.check_version(runbook, version)
    _must_reach(runbook.client_id, by=by)
    return runbook


def _must_reach(client_id: UUID | None, *, by: Actor) -> None:
    """A runbook for all clients is for those who see every client."""
    if client_id is not None:
        tenants.visible_client(client_id, by=by)
    elif by.tenant_ids is not None:
        raise Forbidden("A runbook for all clients is for whoever sees every client.")


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise Invalid.field("name", f"1 to {NAME_LENGTH} characters.", "length")
    return name


def _saved(runbook: Runbook) -> Runbook:
    runbook.updated_at = clock.now()
    db.session.flush()
    return runbook
