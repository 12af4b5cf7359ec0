"""Rules over JSON, for agents."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core import clock
from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import PageQuery, listed
from msp.core.errors import Conflict
from msp.itsm.automation import dry_run, queries
from msp.itsm.automation.engine import trace
from msp.itsm.automation.engine.trace import Line
from msp.itsm.automation.models import Rule
from msp.itsm.automation.schemas import (
    DryRunOut,
    RuleChange,
    RuleIn,
    RuleMove,
    RuleOut,
    RuleRunOut,
    RuleRunQuery,
    RulesExport,
    RulesIn,
    RulesOut,
)
from msp.itsm.automation.services import rules
from tenants.permissions import Permission as P

resource = Resource("rules", __name__, "What happens to tickets by itself")
BLUEPRINTS = (resource,)
ONE = "/rules/<uuid:rule_id>"


@resource.operation("GET", "/rules", listed(RuleOut), needs=P.TICKET_READ, who="agent", query=PageQuery)
def list_rules(asked: dict[str, Any]) -> Any:
    """Rules in the order in which they are asked."""
    page = queries.rule_page(by=g.actor, **asked)
    return {"data": _shown(page.rows), "next": page.next}


@resource.operation("POST", "/rules", RuleOut, needs=P.AUTOMATE, who="agent", takes=RuleIn, status=201)
def add_rule(given: dict[str, Any]) -> Any:
    """Write a rule as a draft, behind all others."""
    made = rules.add_rule(given["name"], given["content"], client_id=given["client_id"], by=g.actor)
    return _shown([made])[0], 201, {"Location": url_for("api_rules.show_rule", rule_id=made.id)}


@resource.operation("GET", "/rules/export", RulesExport, needs=P.AUTOMATE, who="agent")
def export_rules() -> Any:
    """All rules as they can be imported: the draft where there is one, else what is in force."""
    return {"rules": rules.export_rules(by=g.actor)}


@resource.operation("POST", "/rules/import", RulesOut, needs=P.AUTOMATE, who="agent", takes=RulesIn, status=201)
def import_rules(given: dict[str, Any]) -> Any:
    """Add rules as drafts; all of them or none."""
    return {"data": _shown(rules.import_rules(given["rules"], by=g.actor))}


@resource.operation("GET", ONE, RuleOut, needs=P.TICKET_READ, who="agent")
def show_rule(rule_id: UUID) -> Any:
    """One rule."""
    return _shown([queries.visible_rule(rule_id, by=g.actor)])[0]


@resource.operation("PATCH", ONE, RuleOut, needs=P.AUTOMATE, who="agent", takes=RuleChange, changes=True)
def change_rule(changes: dict[str, Any], rule_id: UUID) -> Any:
    """Change the name, or the draft; what is in force stays as it is."""
    return _shown([rules.change_draft(rule_id, version=_expected(rule_id), by=g.actor, **changes)])[0]


@resource.operation("POST", f"{ONE}/put-in-force", RuleOut, needs=P.AUTOMATE, who="agent", changes=True)
def put_in_force(rule_id: UUID) -> Any:
    """Let the draft act from now on, as a new version."""
    rules.put_in_force(rule_id, version=_expected(rule_id), by=g.actor)
    return _shown([queries.visible_rule(rule_id, by=g.actor)])[0]


@resource.operation("POST", f"{ONE}/pause", RuleOut, needs=P.AUTOMATE, who="agent", changes=True)
def pause_rule(rule_id: UUID) -> Any:
    """Let it act no more until it is resumed."""
    return _shown([rules.pause(rule_id, version=_expected(rule_id), by=g.actor)])[0]


@resource.operation("POST", f"{ONE}/resume", RuleOut, needs=P.AUTOMATE, who="agent", changes=True)
def resume_rule(rule_id: UUID) -> Any:
    """Let it act again, on what happens from now on."""
    return _shown([rules.resume(rule_id, version=_expected(rule_id), by=g.actor)])[0]


@resource.operation("POST", f"{ONE}/move", RuleOut, needs=P.AUTOMATE, who="agent", takes=RuleMove, changes=True)
def move_rule(given: dict[str, Any], rule_id: UUID) -> Any:
    """Change places with the rule before or after it."""
    return _shown([rules.move(rule_id, up=given["to"] == "up", version=_expected(rule_id), by=g.actor)])[0]


@resource.operation("GET", f"{ONE}/runs", listed(RuleRunOut), needs=P.TICKET_READ, who="agent", query=RuleRunQuery)
def list_runs(asked: dict[str, Any], rule_id: UUID) -> Any:
    """What it did and why, the newest first."""
    page = queries.run_page(queries.visible_rule(rule_id, by=g.actor), by=g.actor, **asked)
    data = [
        {
            "id": each.run.id, "ticket_id": each.run.ticket_id, "ticket": each.ref, "tenant_id": each.run.tenant_id, "at": each.run.at,
            "outcome": each.run.outcome, "trace": _lines(trace.read(each.run.trace)),
        }
        for each in page.rows
    ]  # fmt: skip
    return {"data": data, "next": page.next}


@resource.operation("GET", f"{ONE}/dry-run", DryRunOut, needs=P.AUTOMATE, who="agent")
def try_rule(rule_id: UUID) -> Any:
    """What the draft, or else the version in force, would have done in the last thirty days; nothing is changed."""
    rule = queries.visible_rule(rule_id, by=g.actor)
    acting = queries.versions_in_force([rule.id]).get(rule.id)
    said = queries.readable(rule.draft or (acting.content if acting else None))
    if said is None:
        raise Conflict("What this rule says cannot be read any more; write it anew.")
    made = dry_run.rehearse(said, by=g.actor, now=clock.now(), client_id=rule.client_id)
    data = [
        {"ticket": each.ticket.ref, "tenant_id": each.client.id, "at": each.at, "outcome": each.outcome, "trace": _lines(each.lines)}
        for each in made.found
    ]
    return {"tickets": made.tickets, "acted": made.acted, "skipped": made.skipped, "cut": made.cut, "data": data}


def _expected(rule_id: UUID) -> int:
    return expected_version(queries.visible_rule(rule_id, by=g.actor, for_update=True).version)


def _shown(rows: Sequence[Rule]) -> list[dict[str, Any]]:
    """Each with what it says now."""
    acting = queries.versions_in_force([row.id for row in rows])
    names = (
        "id", "name", "client_id", "position", "owner_name", "number", "paused_at", "paused_reason", "updated_at", "version",
    )  # fmt: skip
    return [
        {
            **{name: getattr(row, name) for name in names}, "draft": _content(row.draft),
            "in_force": _content(acting[row.id].content) if row.id in acting else None,
        }
        for row in rows
    ]  # fmt: skip


def _content(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """As it is stored; nothing where it cannot be read any more."""
    return stored if queries.readable(stored) else None


def _lines(lines: Iterable[Line]) -> list[dict[str, str]]:
    return [dict(vars(line)) for line in lines]
