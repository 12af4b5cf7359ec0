"""A template of the provider's in the same editor: beside it stand the clients' copies, not a preview."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from agent_console.editor import fields
from agent_console.editor.kinds import KINDS, Kind
from msp.core import clock
from msp.core.actor import Actor
from msp.core.errors import MspError
from msp.itsm.sla import describe, difference, library
from msp.itsm.sla.models import Template as Stored
from tenants import queries as tenants
from tenants.permissions import Permission

Form = MultiDict[str, str]


@dataclass
class Template:
    """A template being edited; without `stored` a new one that starts from `before`."""

    kind_name: str
    stored: Stored | None
    before: Mapping[str, Any]
    form: Form
    errors: dict[str, str] = dataclass_field(default_factory=dict)
    refusal: str = ""

    @property
    def is_new(self) -> bool:
        return self.stored is None

    @property
    def number(self) -> str:
        """The state that the form was filled in from."""
        return self.form.get("number") or (str(self.stored.number) if self.stored else "")

    @property
    def kind(self) -> Kind:
        return KINDS[self.kind_name]

    @property
    def before_form(self) -> Form:
        return self.kind.to_form(self.before) if self.stored else self.form

    def content(self) -> dict[str, Any]:
        """What is typed; whoever saves it checks it."""
        return self.kind.to_content(self.form, self.before, "calendar")

    def refuse(self, refused: MspError) -> None:
        """Keep what is wrong, by pointer."""
        self.errors = {error.pointer: error.message for error in refused.errors}
        self.refusal = "" if self.errors else refused.message


def context(edited: Template, *, by: Actor) -> dict[str, Any]:
    """What the template's page shows."""
    teams = {str(team.id): team.name for team in tenants.teams()}
    shown: dict[str, Any] = {
        "it": edited,
        "is_template": True,
        "may_edit": by.may(Permission.SLA_MANAGE),
        "action": _action(edited),
        "copies": _copies(edited, teams, by),
        "clients": [(client.id, client.name) for client in tenants.clients(by=by)] if edited.stored else [],
    }
    if edited.kind.name == "policy":
        return shown | _policy(edited, teams)
    if edited.kind.name == "calendar":
        return shown | fields.calendar_fields(edited, "before")
    return shown | fields.matrix_fields(edited)


def _action(edited: Template) -> str:
    if edited.stored is None:
        return url_for("service_levels.add_template", kind=edited.kind.name)
    return url_for("service_levels.change_template", template_id=edited.stored.id)


def _copies(edited: Template, teams: dict[str, str], by: Actor) -> list[dict[str, Any]]:
    """Clients' copies, each with how many fields differ from the template as it stands."""
    if edited.stored is None:
        return []
    pairs = library.copies_of(edited.stored.id, by=by)
    held = {each.definition.id: each for each in library.held({tenant.id for _, tenant in pairs}, by=by)}
    names = {str(each.definition.id): each.definition.name for each in held.values() if each.definition.kind == "calendar"}
    now = clock.now()
    return [
        {
            "definition": definition, "client": tenant,
            "differences": len(difference.differences(
                edited.kind.name, edited.stored.content, held[definition.id].in_force(now).content, calendars=names, teams=teams
            )),
        }
        for definition, tenant in pairs
    ]  # fmt: skip


def _policy(edited: Template, teams: dict[str, str]) -> dict[str, Any]:
    own = {template.name: template for template in library.templates("calendar")}
    used = [name for name in fields.calendars_used(edited.form) if name in own] or list(own)[:1]
    return fields.policy_fields(edited, {name: name for name in own}, teams, {}) | {
        "applies": describe.conditions_words({}),
        "hours": [fields.week_of(own[name].id, name, own[name].content) for name in used],
    }
