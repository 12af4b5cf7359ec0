"""Writing rules: drafts, versions put in force, the order, pauses. A version in force never changes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import Conflict, FieldError, Forbidden, Invalid
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.core.query.errors import QueryError
from msp.itsm.automation import matching, queries
from msp.itsm.automation.engine import definition
from msp.itsm.automation.engine.definition import AfterTime, Definition, DefinitionError
from msp.itsm.automation.models import NAME_LENGTH, Rule, RuleVersion
from msp.itsm.runbooks import queries as runbooks
from tenants import queries as tenants
from tenants import skills
from tenants.permissions import Permission

ARM = "automation.arm"
MOST_RULES = 500


def add_rule(name: str, content: Mapping[str, Any], *, by: Actor, client_id: UUID | None = None) -> Rule:
    """A draft behind all other rules; for all clients, or for one."""
    by.require(Permission.AUTOMATE)
    _must_reach(client_id, by=by)
    checked = check(content, by=by)
    _must_fit(checked, client_id)
    last, number = db.session.execute(sa.select(sa.func.max(Rule.position), sa.func.count(Rule.id))).one()
    if number >= MOST_RULES:
        raise Conflict(f"There are {MOST_RULES} rules already.")
    now = clock.now()
    rule = Rule(
        id=new_id(), tenant_id=by.provider_id or call("provider")[0]["id"], name=_name(name), client_id=client_id,
        position=(last or 0) + 1, owner_id=by.id if by.is_agent else None, owner_name=by.name, draft=definition.dump(checked),
        created_at=now, updated_at=now,
    )  # fmt: skip
    db.session.add(rule)
    db.session.flush()
    return rule


def change_draft(rule_id: UUID, *, version: int, by: Actor, name: str | None = None, content: Mapping[str, Any] | None = None) -> Rule:
    """Another name, or what the next version says; what is in force stays as it is."""
    by.require(Permission.AUTOMATE)
    rule = _mine(rule_id, version, by=by)
    if name is not None:
        rule.name = _name(name)
    if content is not None:
        checked = check(content, by=by)
        _must_fit(checked, rule.client_id)
        rule.draft = definition.dump(checked)
    return _saved(rule)


def put_in_force(rule_id: UUID, *, version: int, by: Actor) -> RuleVersion:
    """The draft becomes the version that acts; a pause ends with it."""
    by.require(Permission.AUTOMATE)
    rule = _mine(rule_id, version, by=by)
    if rule.draft is None:
        raise Conflict("There is no draft to put in force.")
    checked, now = check(rule.draft, by=by), clock.now()
    _must_fit(checked, rule.client_id)
    db.session.execute(sa.update(RuleVersion).where(RuleVersion.rule_id == rule.id, RuleVersion.ended_at.is_(None)).values(ended_at=now))
    rule.number += 1
    made = RuleVersion(
        id=new_id(), tenant_id=rule.tenant_id, rule_id=rule.id, number=rule.number, content=definition.dump(checked),
        author_name=by.name, begun_at=now,
    )  # fmt: skip
    db.session.add(made)
    rule.draft, rule.paused_at, rule.paused_reason = None, None, None
    _saved(rule)
    _arm(rule, made)
    return made


def pause(rule_id: UUID, *, version: int, by: Actor, reason: str = "") -> Rule:
    """Let it act no more until it is resumed."""
    by.require(Permission.AUTOMATE)
    rule = _mine(rule_id, version, by=by)
    if rule.paused_at is None:
        rule.paused_at, rule.paused_reason = clock.now(), reason.strip()[:200] or f"Paused by {by.name}."
    return _saved(rule)


def resume(rule_id: UUID, *, version: int, by: Actor) -> Rule:
    """Let it act again, on what happens from now on."""
    by.require(Permission.AUTOMATE)
    rule = _mine(rule_id, version, by=by)
    rule.paused_at = rule.paused_reason = None
    acting = queries.versions_in_force([rule.id]).get(rule.id)
    if acting is not None:
        _arm(rule, acting)
    return _saved(rule)


def move(rule_id: UUID, *, up: bool, version: int, by: Actor) -> Rule:
    """Change places with the rule before or after it, among those that the actor sees; at the end nothing happens."""
    by.require(Permission.AUTOMATE)
    rule = _mine(rule_id, version, by=by)
    here, there = sa.tuple_(Rule.position, Rule.id), sa.tuple_(sa.literal(rule.position), sa.literal(rule.id))
    order = (Rule.position.desc(), Rule.id.desc()) if up else (Rule.position, Rule.id)
    statement = sa.select(Rule).where(here < there if up else here > there)
    if by.tenant_ids is not None:
        statement = statement.where(Rule.client_id.in_(by.tenant_ids))
    other = db.session.scalar(statement.order_by(*order).limit(1))
    if other is None:
        return rule
    rule.position, other.position = other.position, rule.position
    return _saved(rule)


def export_rules(*, by: Actor) -> list[dict[str, Any]]:
    """Every rule that the agent sees as JSON: what it says now, the draft where there is one."""
    by.require(Permission.AUTOMATE)
    rules, cursor = [], None
    while True:
        page = queries.rule_page(by=by, cursor=cursor, limit=100)
        rules += page.rows
        if (cursor := page.next) is None:
            break
    acting = queries.versions_in_force([rule.id for rule in rules])
    told = []
    for rule in rules:
        said = queries.readable(rule.draft or (acting[rule.id].content if rule.id in acting else None))
        if said is not None:
            client_id = str(rule.client_id) if rule.client_id else None
            told.append({"name": rule.name, "client_id": client_id, "content": definition.dump(said)})
    return told


def import_rules(given: list[dict[str, Any]], *, by: Actor) -> list[Rule]:
    """Drafts as `export_rules` gives them, behind all others; all of them or none."""
    by.require(Permission.AUTOMATE)
    return [add_rule(each["name"], each["content"], client_id=each.get("client_id"), by=by) for each in given]


def check(content: Mapping[str, Any], *, by: Actor) -> Definition:
    """The definition, if the actor can ask for it; Invalid or QueryError otherwise."""
    by.require(Permission.AUTOMATE)
    try:
        read = definition.read(content)
    except DefinitionError as error:
        wrong = [FieldError(fault.pointer, fault.code, fault.message) for fault in error.faults]
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong) from None
    for number, action in enumerate(read.actions):
        if "skill" in action.values:
            skills.checked(action.values["skill"], field=f"actions/{number}/skill")
    try:
        matching.check(read.query, by=by, now=clock.now(), tz=ZoneInfo("UTC"))
    except QueryError as error:
        error.errors = (FieldError("/query", error.reason, error.message),)
        raise
    return read


def _must_fit(said: Definition, client_id: UUID | None) -> None:
    """A rule calls runbooks that are for all clients, or for its own."""
    fitting = {str(runbook.id) for runbook in runbooks.offered(client_id)}
    wrong = [
        FieldError(f"/actions/{number}/runbook", "unknown", f"Step {number + 1}: there is no such runbook that could be called here.")
        for number, action in enumerate(said.actions)
        if "runbook" in action.values and str(UUID(action.values["runbook"])) not in fitting
    ]
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)


def _arm(rule: Rule, version: RuleVersion) -> None:
    """A rule of time looks at what is there already; timers that ran out while it did not act are not made up for."""
    said = queries.definition_of(version)
    if said is not None and isinstance(said.trigger, AfterTime):
        outbox.enqueue(ARM, {"version_id": str(version.id)}, tenant_id=rule.client_id)


def _mine(rule_id: UUID, version: int, *, by: Actor) -> Rule:
    rule = queries.visible_rule(rule_id, by=by, for_update=True)
    tenants.check_version(rule, version)
    _must_reach(rule.client_id, by=by)
    return rule


def _must_reach(client_id: UUID | None, *, by: Actor) -> None:
    """A rule for all clients is for those who see every client."""
    if client_id is not None:
        tenants.visible_client(client_id, by=by)
    elif by.tenant_ids is not None:
        raise Forbidden("A rule for all clients is for whoever sees every client.")


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise Invalid.field("name", f"1 to {NAME_LENGTH} characters.", "length")
    return name


def _saved(rule: Rule) -> Rule:
    rule.updated_at = clock.now()
    db.session.flush()
    return rule
