"""Runs of runbooks: one with each of its calls, begun from a ticket, and once more."""

from typing import Any
from uuid import UUID

from flask import g, redirect, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.blueprint import console_blueprint
from agent_console.places import runbooks as place
from agent_console.views.acts import do
from agent_console.views.runbooks import TONES
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError
from msp.itsm.runbooks import queries
from msp.itsm.runbooks.models import OPEN, STATES
from msp.itsm.runbooks.services import running
from msp.itsm.tasks import queries as tasks
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.queries import TicketKey
from tenants import queries as tenants
from tenants.permissions import Permission

blueprint = console_blueprint("runs", "/tickets/<ref>/runs")


@blueprint.post("")
def start(ref: str) -> ResponseReturnValue:
    """Run a runbook for the ticket, or for one of its tasks."""

    def act(key: TicketKey, form: forms.Form) -> Any:
        runbook_id = forms.one_id(form, "runbook")
        if runbook_id is None:
            raise Invalid.field("runbook", "Choose a runbook.", "required")
        return running.start_run(runbook_id, key.id, task_id=forms.one_id(form, "task"), by=g.actor)

    return do(ref, Permission.RUNBOOK_RUN, act)


@place.get("/runs/<uuid:run_id>")
def run(run_id: UUID) -> ResponseReturnValue:
    return _run(run_id)


@place.post("/runs/<uuid:run_id>/again")
def again(run_id: UUID) -> ResponseReturnValue:
    try:
        with savepoint():
            made = running.run_again(run_id, by=g.actor)
    except answers.REFUSED as error:
        return _run(run_id, error)
    notices.say("It is run again.")
    return redirect(url_for("runbooks.run", run_id=made.id), 303)


def _run(run_id: UUID, error: MspError | None = None) -> ResponseReturnValue:
    shown = queries.visible_run(run_id, by=g.actor)
    return answers.page(
        "console/runbooks/run.html", error, it=shown, ticket=tickets.visible_ticket(shown.ticket_id, by=g.actor),
        client=tenants.visible_client(shown.tenant_id, by=g.actor), attempts=queries.attempts(shown),
        task=tasks.visible_task(shown.task_id, by=g.actor) if shown.task_id else None, words=STATES, tones=TONES,
        may_run=g.actor.may(Permission.RUNBOOK_RUN) and shown.state not in OPEN, now=clock.now(),
    )  # fmt: skip
