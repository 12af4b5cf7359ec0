"""Calendars, policies and priority matrices over JSON: the console's editor for programs, and what a client may read."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core import clock
from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import PageQuery, listed
from msp.core.errors import FieldError, Invalid, NotFound
from msp.itsm.sla import agreed, difference, library, listing, schemas
from msp.itsm.sla.library import Held
from msp.itsm.sla.models import Definition, DefinitionVersion
from msp.itsm.sla.services import definitions, edits
from msp.itsm.sla.services.preview import Effect, Move
from tenants import queries as tenants
from tenants.permissions import Permission as P

levels = Resource("levels", __name__, "Service levels")
BLUEPRINTS = (levels,)
PLURALS = {"calendar": "calendars", "policy": "policies", "matrix": "matrices"}
_MOST_MOVES = 200
_OF_THE_BODY = ("/name", "/note", "/effective_at", "/moves_open", "/template_number", "/content")

Given = dict[str, Any]


# --- Reading ----------------------------------------------------------------------------------------------------------


def list_definitions(kind: str, asked: Given, tenant_id: UUID) -> Any:
    _may_read()
    tenants.visible_client(tenant_id, by=g.actor)
    only = agreed.agreed_ids(tenant_id, clock.now()) if g.actor.is_contact else None
    page = listing.definitions(tenant_id, kind, by=g.actor, only=only, **asked)
    return {"data": [_summary(held) for held in library.with_versions(page.rows)], "next": page.next}


def show_definition(kind: str, definition_id: UUID) -> Any:
    return _detail(_definition(kind, definition_id))


def show_version(kind: str, definition_id: UUID, number: str) -> Any:
    held = _held(_definition(kind, definition_id))
    found = next((version for version in _readable(held) if str(version.number) == number), None)
    if found is None:
        raise NotFound
    return {**_version(found), "content": _content(kind, found)}


def compare(kind: str, definition_id: UUID) -> Any:
    definition = _definition(kind, definition_id)
    if definition.template_id is None or g.actor.is_contact:
        raise NotFound
    template, last = library.template(definition.template_id), library.last_version(definition)
    names = {str(id): name for name, id in library.calendar_ids(definition.tenant_id).items()}
    teams = {str(team.id): team.name for team in tenants.teams()}
    found = difference.differences(kind, template.content, last.content, calendars=names, teams=teams)
    return {
        "template_id": template.id, "template_name": template.name, "template_number": template.number,
        "copied_number": definition.template_number, "differences": [each._asdict() for each in found],
    }  # fmt: skip


# --- Writing ----------------------------------------------------------------------------------------------------------


def add_definition(kind: str, given: Given, tenant_id: UUID) -> Any:
    tenants.visible_client(tenant_id, by=g.actor)
    with _pointers():
        made = edits.add(tenant_id, kind, given.pop("name"), given.pop("content"), by=g.actor, **given)
    return _detail(made), 201, {"Location": _url(kind, "show", definition_id=made.id)}


def rename(kind: str, given: Given, definition_id: UUID) -> Any:
    definition = _locked(kind, definition_id)
    return _detail(definitions.rename(definition.id, given["name"], version=expected_version(definition.version), by=g.actor))


def add_version(kind: str, given: Given, definition_id: UUID) -> Any:
    definition = _locked(kind, definition_id)
    version = expected_version(definition.version)
    with _pointers():
        made = edits.save(definition.id, given.pop("content"), version=version, by=g.actor, **given)
    return _detail(definition), 201, {"Location": _url(kind, "version", definition_id=definition.id, number=made.number)}


def look(kind: str, given: Given, definition_id: UUID) -> Any:
    definition = _definition(kind, definition_id)
    with _pointers():
        return _effect(edits.look(definition.id, given["content"], by=g.actor))


def look_at_new(kind: str, given: Given, tenant_id: UUID) -> Any:
    tenants.visible_client(tenant_id, by=g.actor)
    with _pointers():
        return _effect(edits.look_at_new(tenant_id, kind, given["content"], by=g.actor))


@levels.operation(
    "POST", "/policies/<uuid:definition_id>/end", schemas.DefinitionDetailOut, needs=P.SLA_MANAGE, who="agent",
    takes=schemas.EndIn, changes=True,
)  # fmt: skip
def end_policy(given: Given, definition_id: UUID) -> Any:
    """Take a policy out of force: no ticket opened later comes under it."""
    definition = _locked("policy", definition_id)
    definitions.end_policy(definition.id, version=expected_version(definition.version), ends_at=given["ends_at"], by=g.actor)
    return _detail(definition)


# --- Templates --------------------------------------------------------------------------------------------------------


@levels.operation(
    "GET", "/templates", listed(schemas.TemplateOut), needs=P.SLA_READ, who="agent", query=schemas.TemplateQuery
)
def list_templates(asked: Given) -> Any:
    """The provider's templates by name."""
    page = listing.templates(asked.pop("kind"), **asked)
    return {"data": page.rows, "next": page.next}


@levels.operation("GET", "/templates/<uuid:template_id>", schemas.TemplateDetailOut, needs=P.SLA_READ, who="agent")
def show_template(template_id: UUID) -> Any:
    """One template with its content."""
    return library.template(template_id)


@levels.operation(
    "POST", "/templates/<uuid:template_id>/copies", schemas.DefinitionDetailOut, needs=P.SLA_MANAGE, who="agent",
    takes=schemas.CopyIn, status=201,
)  # fmt: skip
def copy_template(given: Given, template_id: UUID) -> Any:
    """Give a client its own copy, linked to the template; calendars that it lacks come with it."""
    template = library.template(template_id)
    try:
        tenants.visible_client(given["tenant_id"], by=g.actor)
    except NotFound:
        raise Invalid.field("tenant_id", "There is no such client.", "unknown") from None
    made = edits.copy(given.pop("tenant_id"), template, by=g.actor, **given)
    return _detail(made), 201, {"Location": _url(made.kind, "show", definition_id=made.id)}


# --- What is read and said --------------------------------------------------------------------------------------------


def _may_read() -> None:
    """Agents who read service levels; a client's people, who all find the agreement in their portal."""
    if g.actor.is_contact:
        g.actor.require_any(P.SLA_READ, P.TICKET_READ)
    else:
        g.actor.require(P.SLA_READ)


def _definition(kind: str, definition_id: UUID) -> Definition:
    _may_read()
    found = library.visible_definition(definition_id, by=g.actor)
    if found.kind != kind or (g.actor.is_contact and found.id not in agreed.agreed_ids(found.tenant_id, clock.now())):
        raise NotFound
    return found


def _locked(kind: str, definition_id: UUID) -> Definition:
    """The definition to be changed, in the version that `If-Match` is held against."""
    return library.visible_definition(_definition(kind, definition_id).id, by=g.actor, for_update=True)


def _held(definition: Definition) -> Held:
    return Held(definition, tuple(library.versions(definition)))


def _readable(held: Held) -> Sequence[DefinitionVersion]:
    return [held.in_force(clock.now())] if g.actor.is_contact else held.versions


def _summary(held: Held) -> Given:
    definition, number = held.definition, held.in_force(clock.now()).number
    shown = {name: getattr(definition, name) for name in ("id", "tenant_id", "kind", "name", "is_default", "version")}
    if not g.actor.is_contact:
        shown |= {"template_id": definition.template_id, "template_number": definition.template_number}
    return {**shown, "number": number}


def _detail(definition: Definition) -> Given:
    held = _held(definition)
    versions = [_version(version) for version in _readable(held)]
    return {**_summary(held), "content": _content(definition.kind, held.in_force(clock.now())), "versions": versions}


def _version(row: DefinitionVersion) -> Given:
    names = ("number", "effective_at") if g.actor.is_contact else ("number", "effective_at", "note", "author_name", "created_at")
    return {name: getattr(row, name) for name in names}


def _content(kind: str, version: DefinitionVersion) -> Given:
    return agreed.agreed_content(kind, version.content) if g.actor.is_contact else version.content


def _effect(effect: Effect) -> Given:
    moves = sorted(effect.moves, key=lambda move: (not move.is_breach, str(move.subject_id)))
    return {
        "open_count": effect.open_count, "moved": len(moves), "earlier": len(effect.towards("earlier")),
        "later": len(effect.towards("later")), "newly_breached": len(effect.breaches), "is_capped": effect.is_capped,
        "moves": [_move(move) for move in moves[:_MOST_MOVES]],
    }  # fmt: skip


def _move(move: Move) -> Given:
    return {
        "subject_id": move.subject_id, "clock": move.after.kind, "priority": move.becomes.priority, "due_before": move.was.due_at,
        "due_after": move.becomes.due_at, "direction": move.direction, "is_breach": move.is_breach, "shift_seconds": move.shift_seconds,
    }  # fmt: skip


@contextmanager
def _pointers() -> Iterator[None]:
    """What is wrong inside the content is pointed at there."""
    try:
        yield
    except Invalid as wrong:
        errors = [
            error if error.pointer.startswith(_OF_THE_BODY) else FieldError(f"/content{error.pointer}", error.code, error.message)
            for error in wrong.errors
        ]
        raise Invalid(wrong.message, errors=errors) from wrong


def _url(kind: str, act: str, **values: Any) -> str:
    return url_for(f"api_levels.{act}_{kind}", **values)


# --- The same routes for each kind ------------------------------------------------------------------------------------


def _offer(act: Callable[..., Any], kind: str, name: str, words: str, method: str, rule: str, answer: Any, **options: Any) -> None:
    """Register an act for one kind under a name and a description of its own."""
    view: Any = partial(act, kind)
    view.__name__, view.__doc__, view.__module__ = f"{name}_{kind}", words.format(kind, PLURALS[kind]), __name__
    levels.operation(method, rule, answer, **options)(view)


def _offer_all(kind: str) -> None:
    body, detail, read = schemas.body, schemas.DefinitionDetailOut, schemas.DefinitionOut
    of_client, one = f"/tenants/<uuid:tenant_id>/{PLURALS[kind]}", f"/{PLURALS[kind]}/<uuid:definition_id>"
    write: Given = {"needs": P.SLA_MANAGE, "who": "agent"}
    _offer(list_definitions, kind, "list", "A client's {1} by name.", "GET", of_client, listed(read), query=PageQuery)
    _offer(show_definition, kind, "show", "One {0}: the version in force, and which others there are.", "GET", one, detail)
    _offer(rename, kind, "rename", "Another name for a {0}.", "PATCH", one, detail, takes=schemas.NameIn, changes=True, **write)
    _offer(
        show_version, kind, "version", "One version of a {0}; it never changes.", "GET", f"{one}/versions/<number>",
        schemas.VersionDetailOut,
    )  # fmt: skip
    _offer(
        add_version, kind, "add_version_of", "The next version of a {0}, from an instant on.", "POST", f"{one}/versions", detail,
        takes=body(kind, "Version"), status=201, changes=True, **write,
    )  # fmt: skip
    _offer(
        look, kind, "preview", "What a {0} would move, saved to nowhere.", "POST", f"{one}/preview", schemas.EffectOut,
        takes=body(kind, "Preview"), **write,
    )  # fmt: skip
    _offer(
        compare, kind, "compare", "How a {0} differs from its template.", "GET", f"{one}/difference", schemas.ComparedOut,
        needs=P.SLA_READ, who="agent",
    )  # fmt: skip
    if kind != "matrix":  # a client has one, from its first day
        _offer(
            add_definition, kind, "add", "Another {0} for a client.", "POST", of_client, detail, takes=body(kind, "Definition"),
            status=201, **write,
        )  # fmt: skip
        _offer(
            look_at_new, kind, "preview_new", "What another {0} would move.", "POST", f"{of_client}/preview", schemas.EffectOut,
            takes=body(kind, "Preview"), **write,
        )  # fmt: skip


for _kind in PLURALS:
    _offer_all(_kind)
