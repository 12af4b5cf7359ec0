"""Entry points of the tickets' jobs. They run as the provider: what a contact does may reach our side only this way."""

from datetime import timedelta
from uuid import UUID

from msp.core import cron
from msp.core.db import apart, db
from msp.core.jobs import Call, GiveUp, job
from msp.core.outbox import services as outbox
from msp.core.scope import Scope
from msp.itsm.sla.models import Clock
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Message, Ticket
from msp.itsm.tickets.services import bulk, escalations, files, letters, news, reprioritise, triage
from tenants.permissions import Permission

STEPS_FIRED = "tickets.steps_fired"
OPENED, REPLIED, ASSIGNED, RESOLVED = "tickets.opened", "tickets.replied", "tickets.assigned", "tickets.resolved"
SWEEP_FILES, FORGET_BULK = "tickets.sweep_files", "tickets.forget_bulk"


@job(STEPS_FIRED, queue="urgent", actor=escalations.ACTOR)
def steps_fired(call: Call) -> None:
    """Let a batch of steps act on their tickets, of whatever clients."""
    step_ids, clock_ids = ([UUID(id) for id in call.args[name]] for name in ("steps", "breached"))
    escalations.take_effect(step_ids, clock_ids, provider_id=call.by.provider_id)


@job(escalations.REASSIGN, runs_as="provider", permissions=(Permission.TICKET_ASSIGN,), actor=escalations.ACTOR)
def reassign(call: Call) -> None:
    """Give the ticket to another team; whoever had it no longer does."""
    ticket, team_id = _ticket(call), UUID(call.args["to"])
    if ticket.is_open and ticket.team_id != team_id:
        triage.assign(ticket.id, by=call.by, team_id=team_id)


@job(escalations.RAISE, runs_as="provider", permissions=(Permission.TICKET_TRIAGE,), actor=escalations.ACTOR)
def raise_priority(call: Call) -> None:
    """Raise the priority to the one named, or by one; never lower it."""
    ticket, named = _ticket(call), str(call.args["to"]).removeprefix("P")
    wanted = int(named) if named.isdigit() else ticket.priority - 1
    if ticket.is_open and 1 <= wanted < ticket.priority:
        triage.classify(ticket.id, {"priority": wanted}, by=call.by)


@job(escalations.REMIND, runs_as="provider", actor=escalations.ACTOR)
def remind(call: Call) -> None:
    """Tell somebody who is back on duty of a step that fired meanwhile, if its clock still runs."""
    ticket = _ticket(call)
    running = db.session.get(Clock, (ticket.tenant_id, UUID(call.args["clock_id"])))
    if running is not None and running.standing == "running":
        escalations.remind(ticket, UUID(call.args["agent_id"]), call.args["step"], provider_id=_provider(call))


@job(OPENED, runs_as="provider")
def opened(call: Call) -> None:
    """Confirm to the requester that we have it, and tell our people."""
    ticket = _ticket(call)
    letters.confirm(ticket)
    news.opened(ticket, provider_id=_provider(call))


@job(REPLIED, runs_as="provider")
def replied(call: Call) -> None:
    """Pass a public reply on to everybody concerned but its writer."""
    ticket = _ticket(call)
    message = db.session.get(Message, (ticket.tenant_id, UUID(call.args["message_id"])))
    if message is None or message.is_internal:
        raise GiveUp("There is no such public reply.")
    letters.pass_on(ticket, message, to=_readers(call))
    news.replied(ticket, message, provider_id=_provider(call))


@job(ASSIGNED, runs_as="provider")
def assigned(call: Call) -> None:
    """Tell the new assignee, or the team."""
    assignee = call.args["assignee_id"]
    news.assigned(_ticket(call), UUID(assignee) if assignee else None, actor_id=call.by.id, provider_id=_provider(call))


@job(RESOLVED, runs_as="provider")
def resolved(call: Call) -> None:
    """Tell the requester that it is done, if it still is."""
    ticket = _ticket(call)
    if ticket.status == "resolved":
        letters.tell_resolved(ticket)


@job(reprioritise.PLAN, queue="bulk", runs_as="provider", permissions=(Permission.SLA_MANAGE,))
def plan_reprioritising(call: Call) -> None:
    """A priority matrix begins: find the open tickets that it classifies otherwise."""
    version_id = UUID(call.args["version_id"])
    reprioritise.plan(call.tenant_ids[0], version_id, call.args["author"], by=call.by)


@job(reprioritise.MOVE, queue="bulk", runs_as="provider", permissions=(Permission.SLA_MANAGE, Permission.TICKET_TRIAGE))
def move_to_matrix(call: Call) -> None:
    """Classify some open tickets by a new matrix."""
    ticket_ids = [UUID(id) for id in call.args["ticket_ids"]]
    version_id = UUID(call.args["version_id"])
    reprioritise.move(call.tenant_ids[0], version_id, ticket_ids, call.args["author"], by=call.by)


@job(bulk.WORK, queue="bulk", runs_as="provider", permissions=(Permission.TICKET_READ,), actor="bulk act")
def work_bulk(call: Call) -> None:
    """Work some tickets of one client for a bulk run."""
    item_ids = [UUID(id) for id in call.args["item_ids"]]
    bulk.work(UUID(call.args["run_id"]), item_ids, call.tenant_ids[0], by=call.by)


@job(FORGET_BULK, queue="bulk")
def forget_bulk(call: Call) -> None:
    """Forget some bulk runs of long ago, and ask for the next ones."""
    if bulk.forget():
        outbox.enqueue(FORGET_BULK, {})


def ask_to_forget_bulk() -> None:
    """A batch is a job, so that none holds many rows for long."""
    with apart(Scope.staff()):
        outbox.enqueue(FORGET_BULK, {})


@job(SWEEP_FILES, queue="bulk")
def sweep_files(call: Call) -> None:
    """Remove files that never became part of a message, and scan again what is held."""
    files.sweep()


def ask_for_file_sweep() -> None:
    """Files may lie far away, so the loop only asks for the work."""
    with apart(Scope.staff()):
        outbox.enqueue(SWEEP_FILES, {})


cron.schedule(cron.Schedule(FORGET_BULK, timedelta(days=1), ask_to_forget_bulk))
cron.schedule(cron.Schedule(SWEEP_FILES, timedelta(hours=1), ask_for_file_sweep))


def _readers(call: Call) -> letters.Readers | None:
    """Who read along when it was written; None in a job of before that was kept."""
    if "requester_id" not in call.args:
        return None
    return letters.Readers(UUID(call.args["requester_id"]), [UUID(id) for id in call.args["follower_ids"]])


def _ticket(call: Call) -> Ticket:
    return queries.visible_ticket(UUID(call.args["ticket_id"]), by=call.by)


def _provider(call: Call) -> UUID:
    if call.by.provider_id is None:
        raise RuntimeError("no provider is installed")
    return call.by.provider_id
