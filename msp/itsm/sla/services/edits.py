"""An edit of a client's definition as a whole: looked at, then saved and brought to open tickets, or not."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.errors import Invalid
from msp.core.ids import new_id
from msp.itsm.sla import library
from msp.itsm.sla.models import Definition, DefinitionVersion, Rollout, Template
from msp.itsm.sla.services import definitions, preview, rollouts, templates
from msp.itsm.sla.services.definitions import MANAGE, Content
from msp.itsm.sla.services.preview import Effect

# What a priority matrix moves is known above: whoever keeps impact and urgency registers how.
_matrix: dict[str, Callable[..., Any]] = {}


def register_matrix(effect: Callable[..., Effect], begin: Callable[..., Rollout]) -> None:
    """Name what says what a matrix would move, and what moves it."""
    _matrix.update(effect=effect, begin=begin)


def look(definition_id: UUID, content: Content, *, by: Actor) -> Effect:
    """What this content would move, were it in force now; nothing is saved."""
    by.require(MANAGE)
    definition = library.visible_definition(definition_id, by=by)
    made = _checked(definition, content, library.last_version(definition).number + 1)
    return _effect(definition, made, is_new=False, by=by)


def look_at_new(tenant_id: UUID, kind: str, content: Content, *, by: Actor) -> Effect:
    """What a new definition of this content would move."""
    by.require(MANAGE)
    by.must_reach(tenant_id)
    definition = Definition(tenant_id=tenant_id, id=new_id(), kind=kind, name="", is_default=False)
    return _effect(definition, _checked(definition, content, 1), is_new=True, by=by)


def add(
    tenant_id: UUID, kind: str, name: str, content: Content, *, moves_open: bool, by: Actor,
    effective_at: datetime | None = None, note: str | None = None,
) -> Definition:  # fmt: skip
    """A new definition; open tickets that it covers come under it, or stay where they are."""
    by.require(MANAGE)
    made = definitions.add_definition(tenant_id, kind, name, content, by=by, effective_at=effective_at, note=note)
    _bring(made, library.last_version(made), moves_open=moves_open, by=by)
    return made


def save(
    definition_id: UUID, content: Content, *, version: int, moves_open: bool, by: Actor, effective_at: datetime | None = None,
    note: str | None = None, template_number: int | None = None,
) -> DefinitionVersion:  # fmt: skip
    """The next version, by default from now on; one that says what the last one says is refused."""
    by.require(MANAGE)
    definition = library.visible_definition(definition_id, by=by, for_update=True)
    last = library.last_version(definition)
    if definition.version == version and _checked(definition, content, last.number + 1) == last.content:
        raise Invalid.field("content", f"Nothing has changed: this is version {last.number} as it stands.", "unchanged")
    made = definitions.add_version(
        definition_id, content, version=version, effective_at=effective_at or clock.now(), by=by, note=note,
        template_number=template_number,
    )  # fmt: skip
    _bring(definition, made, moves_open=moves_open, by=by)
    return made


def copy(
    tenant_id: UUID, template: Template, *, moves_open: bool, by: Actor, name: str | None = None,
    conditions: Mapping[str, str] | None = None,
) -> Definition:  # fmt: skip
    """A client's copy of a template, linked to it; a client has one matrix, so that one is changed instead."""
    by.require(MANAGE)
    by.must_reach(tenant_id)
    if template.kind == "matrix":
        raise Invalid.field("tenant_id", "This client has its priority matrix; give that one another version.", "exists")
    made = templates.copy_template(tenant_id, template, by=by, name=name, conditions=conditions)
    _bring(made, library.last_version(made), moves_open=moves_open, by=by)
    return made


def _checked(definition: Definition, content: Content, number: int) -> dict[str, Any]:
    return definitions.checked_content(definition, content, clock.now(), number=number)


def _effect(definition: Definition, content: Content, *, is_new: bool, by: Actor) -> Effect:
    if definition.kind == "matrix":
        found: Effect = _matrix["effect"](definition.tenant_id, content, by=by)
        return found
    return preview.of_content(
        definition.tenant_id, definition.kind, content, by=by, definition_id=None if is_new else definition.id, name=definition.name
    )


def _bring(definition: Definition, version: DefinitionVersion, *, moves_open: bool, by: Actor) -> None:
    begin = _matrix["begin"] if definition.kind == "matrix" else rollouts.begin
    begin(version, moves_open=moves_open, by=by)
