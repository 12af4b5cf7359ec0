"""What the page of a client's definition shows beside the panel of its preview."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import url_for

from agent_console.editor import fields
from agent_console.editor.editing import Editing, unfinished
from msp.core import clock
from msp.core.actor import Actor
from msp.itsm.sla import describe, difference, library
from msp.itsm.sla.checks.policies import CONDITIONS
from msp.itsm.sla.library import Held
from tenants import queries as tenants
from tenants.permissions import Permission


def context(editing: Editing, *, by: Actor) -> dict[str, Any]:
    """Everything common, and what the kind adds."""
    now = clock.now()
    held = library.held([editing.client.id], by=by)
    teams = {str(team.id): team.name for team in tenants.teams()}
    shown: dict[str, Any] = {
        "it": editing,
        "client": editing.client,
        "is_template": False,
        "may_edit": by.may(Permission.SLA_MANAGE),
        "ribbon": editing.ribbon(now),
        "today": now.astimezone(editing.tz).date(),
        "rollout": unfinished(library.rollouts(editing.client.id, [version.id for version in editing.versions])),
        "template": _template(editing, held, teams),
        "open_counts": _open_counts(editing),
        "action": _action(editing),
    }
    if editing.kind.name == "policy":
        return shown | _policy(editing, held, teams, now)
    if editing.kind.name == "calendar":
        used_by = _used_by(editing, held, now)
        return shown | fields.calendar_fields(editing, f"v{editing.number - 1}") | {"used_by": used_by}
    return shown | fields.matrix_fields(editing)


def _action(editing: Editing) -> str:
    if editing.is_new:
        return url_for("clients.add", tenant_id=editing.client.id, kind=editing.kind.name, start=editing.start)
    return url_for("service_levels.edit", definition_id=editing.definition.id)


def _template(editing: Editing, held: Sequence[Held], teams: Mapping[str, str]) -> dict[str, Any] | None:
    """The template that it was copied from, and how many fields differ now."""
    if editing.is_new or editing.definition.template_id is None:
        return None
    template = library.template(editing.definition.template_id)
    names = {str(each.definition.id): each.definition.name for each in held if each.definition.kind == "calendar"}
    found = difference.differences(editing.kind.name, template.content, editing.before, calendars=names, teams=teams)
    has_newer = template.number > (editing.definition.template_number or 0)
    return {"name": template.name, "differences": found, "has_newer": has_newer}


def _open_counts(editing: Editing) -> list[tuple[int, int]]:
    """Open tickets under each version that has some, the newest first: version, count."""
    if editing.is_new or editing.kind.name == "matrix":
        return []
    counts = library.open_by_version(editing.client.id, editing.kind.name)
    return [(each.number, counts[each.id]) for each in reversed(editing.versions) if each.id in counts]


def _policy(editing: Editing, held: Sequence[Held], teams: Mapping[str, str], now: datetime) -> dict[str, Any]:
    own = {str(each.definition.id): each for each in held if each.definition.kind == "calendar"}
    labels = {id: f"{each.definition.name} v{each.in_force(now).number}" for id, each in own.items()}
    counts = {} if editing.is_new else library.open_by_priority(editing.definition)
    typed = {name: editing.form.get(f"if-{name}", "").strip() for name in CONDITIONS}
    shown = [id for id in fields.calendars_used(editing.form) if id in own] or list(own)[:1]
    return fields.policy_fields(editing, labels, teams, counts) | {
        "applies": describe.conditions_words(typed, is_default=editing.definition.is_default),
        "hours": [
            fields.week_of(own[id].definition.id, labels[id], own[id].in_force(now).content) for id in shown
        ],
    }  # fmt: skip


def _used_by(editing: Editing, held: Sequence[Held], now: datetime) -> list[Any]:
    """The policies that count by this calendar now."""
    own_id = str(editing.definition.id)
    return [each.definition for each in held if each.definition.kind == "policy" and own_id in _calendars_of(each.in_force(now).content)]


def _calendars_of(content: Mapping[str, Any]) -> set[str]:
    return {str(target["calendar_id"]) for row in content["targets"].values() for target in row.values()}
