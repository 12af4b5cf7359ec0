"""One act on the selected rows of the queue; each ticket through its own service, each told apart."""

from collections.abc import Callable
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import forms, notices
from agent_console.blueprint import console_blueprint
from agent_console.shell import agent_zone
from msp.core.errors import Invalid
from msp.core.query.errors import QueryError
from msp.core.web.formats import count_words
from msp.itsm.tickets import listing, queries
from msp.itsm.tickets.services import bulk, moves, triage
from tenants.permissions import Permission

blueprint = console_blueprint("bulk", "/queue/bulk")

Act = Callable[[UUID], object]


@blueprint.post("")
def apply() -> ResponseReturnValue:
    acts = {"mine": _take, "assign": _assign, "status": _move, "priority": _prioritise}
    make = acts.get(request.form.get("act", ""))
    if make is None:
        raise Invalid.field("act", "Choose what to do with these tickets.", "unknown")
    results = bulk.apply(_chosen(), make(), by=g.actor)
    problems = [(result.ref, result.problem) for result in results if result.problem]
    done = len(results) - len(problems)
    if problems:
        title = f"{done} of {count_words(len(results), 'ticket')} changed; the others are as they were."
        notices.report(title, [(ref, problem or "") for ref, problem in problems])
    else:
        notices.say(f"{count_words(done, 'ticket')} changed.")
    return redirect(url_for("queue.page", q=request.form.get("q") or None), 303)


def _chosen() -> list[UUID]:
    """The rows that are ticked; or, where all that match are meant, what the query finds now, if it is not too much."""
    if "matching" not in request.form:
        return forms.ids(request.form, "ticket_id")
    try:
        wanted = listing.asked(forms.text(request.form, "q"), by=g.actor, tz=agent_zone())
    except QueryError as wrong:
        raise Invalid.field("q", wrong.message, "unreadable") from None
    found = listing.matching(wanted, by=g.actor, limit=bulk.MOST + 1)
    if len(found) > bulk.MOST:
        raise Invalid.field("q", f"More than {bulk.MOST} tickets match; narrow the query. Nothing was changed.", "too_many")
    return found


def _take() -> Act:
    g.actor.require(Permission.TICKET_ASSIGN)
    return lambda id: triage.assign(id, by=g.actor, assignee_id=g.actor.id, team_id=_team_of(id))


def _assign() -> Act:
    g.actor.require(Permission.TICKET_ASSIGN)
    assignee, team = forms.one_id(request.form, "assignee"), forms.one_id(request.form, "team")
    return lambda id: triage.assign(id, by=g.actor, assignee_id=assignee, team_id=team or _team_of(id))


def _team_of(ticket_id: UUID) -> UUID | None:
    """The team stays where only the agent changes; read under the lock that the service takes next anyway."""
    return queries.visible_ticket(ticket_id, by=g.actor, for_update=True).team_id


def _move() -> Act:
    g.actor.require(Permission.TICKET_MOVE)
    status, reason = request.form.get("status", ""), forms.text(request.form, "reason")
    return lambda id: moves.move(id, status, by=g.actor, reason=reason or None)


def _prioritise() -> Act:
    g.actor.require(Permission.TICKET_TRIAGE)
    priority = forms.number(request.form, "priority")
    if priority is None:
        raise Invalid.field("priority", "Choose a priority.", "required")
    return lambda id: triage.classify(id, {"priority": priority}, by=g.actor)
