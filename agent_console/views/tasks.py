"""Tasks: what is to be done over all clients, and the acts on those of one ticket."""

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import forms
from agent_console.blueprint import console_blueprint
from agent_console.views.acts import do
from msp.core import clock
from msp.core.errors import NotFound
from msp.itsm.tasks import queries, services
from msp.itsm.tasks.queries import Whose
from msp.itsm.tickets.queries import TicketKey
from tenants import queries as tenants
from tenants.permissions import Permission

blueprint = console_blueprint("tasks", "/")
WHOSE: dict[str, tuple[Whose, str]] = {
    "mine": ("mine", "Mine"), "teams": ("teams", "My teams’"), "nobodys": ("nobodys", "Nobody’s"), "all": ("all", "All"),
}  # fmt: skip


@blueprint.get("tasks")
def page() -> ResponseReturnValue:
    key = request.args.get("whose", "mine")
    whose = WHOSE.get(key, WHOSE["mine"])[0]
    found = queries.open_tasks(by=g.actor, whose=whose, cursor=request.args.get("after"))
    clients = tenants.clients_by_id({row.task.tenant_id for row in found.rows}, by=g.actor)
    return render_template(
        "console/tasks/page.html", rows=found.rows, clients=clients, now=clock.now(),
        tabs=[{"label": label, "href": url_for("tasks.page", whose=name), "current": name == whose} for name, label in WHOSE.values()],
        next_url=url_for("tasks.page", whose=whose, after=found.next) if found.next else "",
        previous_url=url_for("tasks.page", whose=whose, after=found.previous) if found.previous else "",
    )  # fmt: skip


@blueprint.post("tickets/<ref>/tasks")
def add(ref: str) -> ResponseReturnValue:
    """Add one task to a ticket."""

    def act(key: TicketKey, form: forms.Form) -> Any:
        draft = services.Draft(
            forms.text(form, "title"), detail=forms.text(form, "detail"), team_id=forms.one_id(form, "team"),
            assignee_id=forms.one_id(form, "assignee"), due_minutes=forms.number(form, "due_minutes"),
        )  # fmt: skip
        return services.plan_tasks(key.id, [draft], by=g.actor)

    return do(ref, Permission.TICKET_TRIAGE, act)


@blueprint.post("tickets/<ref>/tasks/<uuid:task_id>")
def act(ref: str, task_id: UUID) -> ResponseReturnValue:
    """Done, skipped, failed, or open again."""

    def end(key: TicketKey, form: forms.Form) -> Any:
        if queries.visible_task(task_id, by=g.actor).ticket_id != key.id:
            raise NotFound
        version = forms.number(form, "task_version") or 0
        if form.get("act") == "reopen":
            return services.reopen_task(task_id, version=version, by=g.actor)
        return services.end_task(task_id, form.get("act", ""), version=version, by=g.actor, reason=forms.text(form, "reason"))

    return do(ref, Permission.TICKET_TRIAGE, end)
