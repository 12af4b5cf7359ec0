"""What the kinds of action do. Each says in a line what it did, or that there was nothing to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid, NotFound
from msp.core.notify import services as notify
from msp.core.notify.services import News
from msp.itsm.automation.models import Rule
from msp.itsm.automation.services import choosing
from msp.itsm.macros import queries as macros
from msp.itsm.runbooks.services import running as runbooks
from msp.itsm.tasks import services as tasks
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Category, Ticket
from msp.itsm.tickets.services import conversation, letters, moves, triage
from msp.itsm.tickets.services.recipients import Directory
from msp.itsm.tickets.states import WORDS
from tenants import queries as tenants


@dataclass
class Acting:
    """A rule at work on a ticket. `turn`: whom it gave the ticket by turns."""

    ticket: Ticket
    rule: Rule
    by: Actor
    turn: UUID | None = None


@dataclass(frozen=True)
class Did:
    """What an action did; nothing where `is_done` is false."""

    text: str
    is_done: bool = True
    sub: str = ""


Act = Callable[[Acting, Mapping[str, str]], Did]
ACTS: dict[str, Act] = {}


def act(kind: str) -> Callable[[Act], Act]:
    """Register what an action of this kind does."""

    def register(function: Act) -> Act:
        ACTS[kind] = function
        return function

    return register


@act("assign")
def _assign(at: Acting, values: Mapping[str, str]) -> Did:
    ticket, to = at.ticket, values["to"]
    team_id = UUID(values["team"]) if "team" in values else ticket.team_id
    if "team" in values:
        tenants.active_team(UUID(values["team"]))
    chosen = choosing.Choice(UUID(values["agent"]) if to == "agent" else None)
    if to == "skill":
        found = choosing.with_skill(ticket, at.rule, values["skill"], UUID(values["team"]) if "team" in values else None)
        if found is None:
            return Did(f"nobody who may work for this client has the skill “{values['skill']}”", is_done=False)
        chosen = found
    elif to in ("round_robin", "least_load"):
        chosen = choosing.of_team(ticket, at.rule, UUID(values["team"]), by_turns=to == "round_robin")
    at.turn = chosen.agent_id if chosen.is_turn else at.turn
    if (chosen.agent_id, team_id) == (ticket.assignee_id, ticket.team_id):
        return Did(f"it is with {ticket.assignee_name or ticket.team_name} already", is_done=False, sub=chosen.why)
    triage.assign(ticket.id, assignee_id=chosen.agent_id, team_id=team_id, by=at.by)
    return Did(f"to {ticket.assignee_name or ticket.team_name}", sub=chosen.why)


@act("priority")
def _priority(at: Acting, values: Mapping[str, str]) -> Did:
    wanted = int(values["to"])
    if at.ticket.priority == wanted:
        return Did(f"it is P{wanted} already", is_done=False)
    triage.classify(at.ticket.id, {"priority": wanted}, by=at.by)
    return Did(f"P{wanted}")


@act("category")
def _category(at: Acting, values: Mapping[str, str]) -> Did:
    path = values["to"]
    found = db.session.scalar(
        sa.select(Category).where(
            Category.tenant_id == at.ticket.tenant_id, sa.func.lower(Category.path) == path.lower(), Category.is_active
        )
    )
    if found is None:
        raise Invalid.field("category", f"This client has no category “{path}”.", "unknown")
    if found.id == at.ticket.category_id:
        return Did(f"it is {found.path} already", is_done=False)
    triage.classify(at.ticket.id, {"category_id": found.id}, by=at.by)
    return Did(found.path)


@act("status")
def _status(at: Acting, values: Mapping[str, str]) -> Did:
    word = WORDS[values["to"]].console
    if at.ticket.status == values["to"]:
        return Did(f"it is “{word}” already", is_done=False)
    moves.move(at.ticket.id, values["to"], reason=values.get("reason"), by=at.by)
    return Did(f"“{word}”")


@act("tag")
def _tag(at: Acting, values: Mapping[str, str]) -> Did:
    present = set(tickets.tags(at.ticket))
    wanted = triage.tags_in(values["tags"].replace(",", " ").split())
    if wanted <= present:
        return Did(f"{', '.join(sorted(wanted))} was there already", is_done=False)
    triage.set_tags(at.ticket.id, present | wanted, by=at.by)
    return Did(f"{', '.join(sorted(wanted - present))} added")


@act("untag")
def _untag(at: Acting, values: Mapping[str, str]) -> Did:
    present = set(tickets.tags(at.ticket))
    named = triage.tags_in(values["tags"].replace(",", " ").split())
    if not named & present:
        return Did(f"{', '.join(sorted(named))} was not there", is_done=False)
    triage.set_tags(at.ticket.id, present - named, by=at.by)
    return Did(f"{', '.join(sorted(named & present))} removed")


@act("reply")
def _reply(at: Acting, values: Mapping[str, str]) -> Did:
    try:
        macro = macros.visible_macro(UUID(values["macro"]), by=at.by)
    except NotFound:
        raise Invalid.field("macro", "The canned reply is not there any more.", "unknown") from None
    text = macros.text_for(macro, at.ticket, by=at.by, now=clock.now())
    # What a rule says takes nothing into work: the state stays unless the canned reply names one.
    conversation.reply(at.ticket.id, text, then=macro.then_status or at.ticket.status, by=at.by)
    return Did(f"“{macro.name}”", sub=text[:120])


@act("note")
def _note(at: Acting, values: Mapping[str, str]) -> Did:
    conversation.add_note(at.ticket.id, values["body"], by=at.by)
    return Did("“" + values["body"][:80] + "”")


@act("notify")
def _notify(at: Acting, values: Mapping[str, str]) -> Did:
    ticket, directory = at.ticket, Directory(clock.now())
    to = values["team"] if values["to"] == "team" else values["to"]
    people = directory.on_call_for(ticket) if to == "on_call" else directory.plan(ticket, to, "on_call").now
    if not people:
        raise Conflict("There is nobody to tell.")
    text = f"{at.rule.name}: {ticket.subject}"
    notify.tell(News(ticket.tenant_id, agent.id, "automation", "ticket", ticket.id, ticket.ref, text) for agent, _ in people)
    client = tenants.visible_client(ticket.tenant_id, by=at.by)
    context = {
        "subject": f"[{ticket.ref}] {at.rule.name}", "heading": at.rule.name,
        "sentences": [f"The rule “{at.rule.name}” tells you of this."],
        "facts": letters.console_facts(ticket, client.name),
    }  # fmt: skip
    if at.by.provider_id is not None:
        letters.to_agents("automation", [(agent, ticket, context) for agent, _ in people], provider_id=at.by.provider_id)
    return Did(", ".join(f"{agent.name} ({why})" if why else agent.name for agent, why in people))


@act("task")
def _task(at: Acting, values: Mapping[str, str]) -> Did:
    """One task more on the ticket; a runbook that does it is called once it starts, which is at once."""
    team_id, runbook_id = (UUID(values[name]) if name in values else None for name in ("team", "runbook"))
    draft = tasks.Draft(values["title"], detail=values.get("detail", ""), team_id=team_id, runbook_id=runbook_id)
    try:
        [made] = tasks.plan_tasks(at.ticket.id, [draft], by=at.by)
    except Invalid as error:  # it says of which task; a step has one
        raise Invalid(error.errors[0].message if error.errors else error.message) from None
    return Did(f"“{made.title}” added", sub=made.runbook_name or made.team_name or "")


@act("runbook")
def _runbook(at: Acting, values: Mapping[str, str]) -> Did:
    """It is called after this; how it went stands in the ticket's timeline and at the runbook."""
    run = runbooks.start_run(UUID(values["runbook"]), at.ticket.id, by=at.by)
    sent = ", ".join(f"{name}: {value}" for name, value in run.inputs.items() if value)
    return Did(f"“{run.runbook_name}” is called", sub=sent[:200])
