"""What runbooks do for a ticket, and which could be run."""

from collections.abc import Sequence
from functools import cached_property
from uuid import UUID

from agent_console.ticket_story import TicketStory
from msp.itsm.runbooks import queries as runbooks
from msp.itsm.runbooks.models import STATES, Runbook, RunbookRun

_TONES = {"waiting": "hold", "running": "accent", "finished": "ok", "failed": "bad", "stopped": ""}


class TicketRuns(TicketStory):
    """The runs of a ticket's page: each task's latest, and those that no task is done by."""

    run_words, run_tones = STATES, _TONES

    @cached_property
    def runs(self) -> Sequence[RunbookRun]:
        return runbooks.runs_of(self.ticket, by=self.by)

    @cached_property
    def run_of(self) -> dict[UUID, RunbookRun]:
        """The latest run of each task."""
        return {run.task_id: run for run in reversed(self.runs) if run.task_id}

    @property
    def loose_runs(self) -> list[RunbookRun]:
        """Runs that were begun for the ticket itself, the newest first."""
        return [run for run in self.runs if run.task_id is None][:5]

    @cached_property
    def runbooks(self) -> Sequence[Runbook]:
        """What this agent can run for it now."""
        return runbooks.offered(self.ticket.tenant_id) if self.by.may("runbook.run") and self.ticket.is_open else ()

    @property
    def runbook_options(self) -> list[tuple[UUID, str]]:
        return [(each.id, each.name) for each in self.runbooks]
