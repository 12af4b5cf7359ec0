"""A client's service levels: what is in force, and how its copies differ from their templates."""

from typing import Any
from uuid import UUID

from flask import g, render_template
from flask.typing import ResponseReturnValue

from agent_console.client_frame import client_page
from agent_console.editor import durations
from agent_console.editor.weeks import total_words
from agent_console.places import clients as client_pages
from agent_console.places import service_levels as blueprint
from agent_console.views.sla_editor import READ
from msp.core import clock
from msp.core.errors import NotFound
from msp.core.web.gates import gated
from msp.itsm.sla import describe, difference, library
from msp.itsm.sla.library import Held
from tenants import queries as tenants
from tenants.permissions import Permission


@client_pages.get("/<uuid:tenant_id>/service-levels")
@gated(READ)
def service_levels(tenant_id: UUID) -> ResponseReturnValue:
    client, now = tenants.visible_client(tenant_id, by=g.actor), clock.now()
    held = library.held([client.id], by=g.actor)
    counts = library.open_by_version(client.id)
    templates = {template.id: template for template in library.templates()}
    names = {str(each.definition.id): each.definition.name for each in held if each.definition.kind == "calendar"}
    shown: dict[str, list[dict[str, Any]]] = {"policy": [], "calendar": [], "matrix": []}
    for each in held:
        version = each.in_force(now)
        template = templates.get(each.definition.template_id) if each.definition.template_id else None
        shown[each.definition.kind].append(
            {
                "definition": each.definition, "number": version.number, "words": _words(each, now, names),
                "planned": each.last if each.last.effective_at and each.last.effective_at > now else None,
                "open": sum(counts.get(one.id, 0) for one in each.versions), "template": template,
                "differences": len(difference.differences(each.definition.kind, template.content, version.content, calendars=names))
                if template else 0,
                "has_newer": bool(template and template.number > (each.definition.template_number or 0)),
                "cells": version.content.get("cells"),
            }
        )  # fmt: skip
    return client_page("console/sla/client.html", client, "service_levels", shown=shown, may_edit=g.actor.may(Permission.SLA_MANAGE))


@blueprint.get("/<uuid:definition_id>/difference")
@gated(READ)
def compare(definition_id: UUID) -> ResponseReturnValue:
    """Field by field: the template's value and the client's."""
    definition = library.visible_definition(definition_id, by=g.actor)
    if definition.template_id is None:
        raise NotFound
    client = tenants.visible_client(definition.tenant_id, by=g.actor)
    template, last = library.template(definition.template_id), library.last_version(definition)
    names = {str(id): name for name, id in library.calendar_ids(client.id).items()}
    teams = {str(team.id): team.name for team in tenants.teams()}
    return render_template(
        "console/sla/difference.html", client=client, definition=definition, template=template, last=last,
        differences=difference.differences(definition.kind, template.content, last.content, calendars=names, teams=teams),
        may_edit=g.actor.may(Permission.SLA_MANAGE),
    )  # fmt: skip


def _words(held: Held, now: Any, calendars: dict[str, str]) -> list[str]:
    """What the version in force says, in a few words."""
    content = held.in_force(now).content
    if held.definition.kind == "calendar":
        return [describe.week_words(content.get("hours", {})), f"{total_words(content.get('hours', {}))} a week", content.get("tz", "")]
    if held.definition.kind == "policy":
        applies = describe.conditions_words(content.get("conditions", {}), is_default=held.definition.is_default)
        used = {str(target["calendar_id"]) for row in content["targets"].values() for target in row.values()}
        ends = content.get("ends_at")
        return [
            f"For {applies}", _targets(content), describe.listed(sorted(calendars.get(id, "–") for id in used)),
            *(["out of force"] if ends and ends <= now.isoformat() else []),
        ]  # fmt: skip
    return []


def _targets(content: Any) -> str:
    """`Resolution 4 h, 12 h, 24 h, 64 h`."""
    said = [durations.words(row.get("resolution", {}).get("minutes")) for _, row in sorted(content["targets"].items())]
    return f"resolution {' · '.join(said)}"
