"""What the page of one ticket shows. Each part is read when it is first asked for, so a fragment costs its own only."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, url_for
from werkzeug.datastructures import MultiDict

from agent_console import forms, saved_views, sla_card
from agent_console.ticket_story import TicketStory
from msp.core import clock
from msp.core.actor import Actor
from msp.core.query.errors import QueryError
from msp.core.web import formats
from msp.core.web.brand import hue_of
from msp.itsm.catalog import queries as catalog
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.prices import price_words
from msp.itsm.macros import queries as macros
from msp.itsm.macros.models import Macro
from msp.itsm.tasks import queries as tasks
from msp.itsm.tasks.models import Task
from msp.itsm.tasks.services import finished_words
from msp.itsm.tickets import listing, queries
from msp.itsm.tickets.custom import queries as custom_fields
from msp.itsm.tickets.custom.models import CustomField
from msp.itsm.tickets.models import Attachment, Category, Refiling, Ticket
from msp.itsm.tickets.states import MOVES, WORDS
from msp.itsm.tickets.words import StatusWords, status_words
from tenants import queries as tenants
from tenants.models import Agent, Contact, Site, Team, Tenant

NEEDS_REASON = frozenset({"waiting_for_client", "waiting_for_supplier", "scheduled"})
LEVELS = ((1, "High"), (2, "Medium"), (3, "Low"))
_CAME = {
    "portal": "from the portal", "console": "opened by us", "phone": "by phone", "in_person": "in person",
    "mail": "by mail", "api": "by API", "monitoring": "from monitoring",
}  # fmt: skip
# As they are offered: what happens most stands first.
STATE_ORDER = (
    "open", "waiting_for_client", "waiting_for_supplier", "scheduled", "resolved", "closed", "new",
    "waiting_for_approval", "cancelled",
)  # fmt: skip
_COLUMNS = {"assignee": "assignee_id", "team": "team_id", "category": "category_id", "site": "site_id"}


class TicketPage(TicketStory):
    """A ticket with everything around it, for one agent at one instant. `args` is the state in the address."""

    def __init__(self, ticket: Ticket, *, by: Actor, tz: tzinfo, args: MultiDict[str, str]) -> None:
        super().__init__(ticket, by=by, tz=tz, args=args)
        self.now: datetime = clock.now()

    # --- Where it stands in the address, and beside which others ----------------------------------------------------

    def href(self, endpoint: str = "ticket.page", **changes: Any) -> str:
        """An address of this ticket that keeps the list it was opened from; None takes a state away."""
        state = {name: self.args.get(name) for name in ("q", "clock", "why", "all", "compose", "cursor")}
        return url_for(endpoint, ref=self.ticket.ref, **{**state, **changes})

    @cached_property
    def list_text(self) -> str:
        return self.args.get("q", "")

    @cached_property
    def list_name(self) -> str:
        """What the list is called that it was opened from."""
        view = saved_views.view_of(self.list_text) if self.list_text else None
        return view.label if view else "Queue"

    @cached_property
    def neighbours(self) -> tuple[str | None, str | None]:
        """References of the tickets before and after it in the list that it was opened from."""
        if not self.list_text:
            return None, None
        try:
            wanted = listing.asked(self.list_text, by=self.by, tz=self.tz)
        except QueryError:
            return None, None
        return listing.neighbours(self.ticket, wanted, by=self.by)

    @cached_property
    def order(self) -> Order | None:
        """What was ordered with it from the client's catalogue."""
        return catalog.order_of(self.ticket) if self.ticket.kind == "request" else None

    @property
    def order_facts(self) -> list[tuple[str, str]]:
        """The order as it was placed: the item, the answers, the price."""
        if self.order is None:
            return []
        placed = self.order
        answers = [(str(line["label"]), str(line["value"])) for line in placed.lines]
        cost = price_words(placed.price_once, placed.price_monthly, placed.currency)
        return [("Item", placed.item_name), ("For", placed.for_name), *answers, ("Price", cost)]

    # --- Whose it is -----------------------------------------------------------------------------------------------

    @cached_property
    def client(self) -> Tenant:
        return tenants.clients_by_id([self.ticket.tenant_id], by=self.by)[self.ticket.tenant_id]

    @cached_property
    def requester(self) -> Contact:
        return tenants.visible_contact(self.ticket.requester_id, by=self.by)

    @cached_property
    def site(self) -> Site | None:
        return next((site for site in self.sites if site.id == self.ticket.site_id), None)

    @cached_property
    def sites(self) -> Sequence[Site]:
        return tenants.sites(self.ticket.tenant_id, by=self.by)

    @cached_property
    def categories(self) -> Sequence[Category]:
        return queries.categories(self.ticket.tenant_id, by=self.by)

    @cached_property
    def agents(self) -> Sequence[Agent]:
        return tenants.assignable_agents(self.ticket.tenant_id)

    @cached_property
    def teams(self) -> Sequence[Team]:
        return tenants.teams()

    @cached_property
    def tags(self) -> list[str]:
        return queries.tags(self.ticket)

    @cached_property
    def custom(self) -> list[tuple[str, str]]:
        """The client's own fields that are filled in, in words."""
        return custom_fields.shown(self.ticket.tenant_id, self.ticket.kind, self.ticket.custom, by=self.by)

    @cached_property
    def custom_fields(self) -> Sequence[CustomField]:
        return custom_fields.fields(self.ticket.tenant_id, self.ticket.kind, by=self.by)

    @cached_property
    def custom_inputs(self) -> list[tuple[CustomField, list[tuple[str, str]]]]:
        return forms.custom_inputs(self.custom_fields)

    @cached_property
    def custom_values(self) -> dict[str, Any]:
        """What the ticket has in these fields, by the name of their input."""
        return {field.name: self.ticket.custom.get(field.key, "") for field in self.custom_fields}

    @cached_property
    def macros(self) -> Sequence[Macro]:
        return macros.macros()

    @cached_property
    def refilings(self) -> Sequence[Refiling]:
        return queries.refilings(self.ticket)

    @cached_property
    def tasks(self) -> Sequence[Task]:
        return tasks.tasks_of(self.ticket, by=self.by)

    @cached_property
    def tasks_words(self) -> str:
        return finished_words(self.tasks)

    @cached_property
    def task_titles(self) -> dict[UUID, str]:
        return {task.id: task.title for task in self.tasks}

    def hue(self, author_id: UUID | None, name: str) -> int:
        """The colour of a person: an agent's own, else one that his name always has."""
        known = next((agent.hue for agent in self.agents if agent.id == author_id), None)
        return known or hue_of(name)

    # --- What is said in words --------------------------------------------------------------------------------------

    @property
    def status(self) -> StatusWords:
        return status_words(self.ticket.status)

    @cached_property
    def came(self) -> str:
        """`Incident, from the portal, opened Thu 25 Mar, 14:20`."""
        return (
            f"{self.ticket.kind.capitalize()}, {_CAME[self.ticket.source]}, opened {self._date(self.ticket.opened_at)}"
        )

    @cached_property
    def there(self) -> str:
        """`London, 10:44 there, open until 12:30`."""
        zone = ZoneInfo(self.client.time_zone)
        place = self.client.time_zone.rpartition("/")[2].replace("_", " ")
        said = f"{place}, {formats.clock_words(self.now, zone)} there"
        return f"{said}, {self.card.closes}" if self.card else said

    @cached_property
    def card(self) -> sla_card.Card | None:
        return sla_card.card(self.ticket, self.args.get("clock"), client_name=self.client.name, now=self.now)

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """The clocks beside each other, each with its address."""
        tabs = self.card.tabs if self.card else ()
        return [
            {
                "label": tab.label, "icon": tab.icon, "href": self.href(clock=tab.kind),
                "current": self.card is not None and tab.kind == self.card.kind,
            }
            for tab in tabs
        ]  # fmt: skip

    @cached_property
    def requester_words(self) -> str:
        """Name and job title."""
        return ", ".join(part for part in (self.requester.name, self.requester.job_title) if part)

    @cached_property
    def category_path(self) -> str:
        return next((each.path for each in self.categories if each.id == self.ticket.category_id), "")

    @cached_property
    def dates(self) -> list[tuple[str, str]]:
        """What happened when, in the agent's time zone."""
        ticket = self.ticket
        known = (
            ("Opened", ticket.opened_at), ("Answered", ticket.answered_at), ("Resolved", ticket.resolved_at),
            ("Closed", ticket.closed_at), ("Changed", ticket.updated_at),
        )  # fmt: skip
        return [(name, self._date(at)) for name, at in known if at is not None]

    def _date(self, at: datetime) -> str:
        """`Thu 25 Mar, 14:20`; with the year where it is another."""
        local = at.astimezone(self.tz)
        year = f" {local.year}" if local.year != self.now.astimezone(self.tz).year else ""
        return f"{formats.day_words(local.date())}{year}, {local:%H:%M}"

    # --- What stands in the controls --------------------------------------------------------------------------------

    levels = LEVELS
    priority_options = tuple((number, f"P{number}") for number in (1, 2, 3, 4))
    needs_reason = NEEDS_REASON

    @cached_property
    def agent_options(self) -> list[tuple[UUID, str]]:
        return [(agent.id, agent.name) for agent in self.agents]

    @cached_property
    def team_options(self) -> list[tuple[UUID, str]]:
        return [(team.id, team.name) for team in self.teams]

    @cached_property
    def category_options(self) -> list[tuple[UUID, str]]:
        return [(each.id, each.path) for each in self.categories]

    @cached_property
    def site_options(self) -> list[tuple[UUID, str]]:
        return [(site.id, site.name) for site in self.sites]

    def option_words(self, name: str, value: str) -> str:
        """`“Priya Nair”`: how a choice is called that a form sent."""
        if name in ("subject", "tags"):
            return f"“{value}”"
        words = {str(key): text for key, text in self._options(name)}
        return f"“{words.get(value, 'none')}”"

    def has_value(self, name: str, value: str) -> bool:
        """Whether the ticket has this value by now."""
        present = " ".join(self.tags) if name == "tags" else getattr(self.ticket, _COLUMNS.get(name, name))
        return value == ("" if present is None else str(present))

    def _options(self, name: str) -> Sequence[tuple[Any, str]]:
        known: dict[str, Callable[[], Sequence[tuple[Any, str]]]] = {
            "assignee": lambda: self.agent_options, "team": lambda: self.team_options, "impact": lambda: LEVELS,
            "urgency": lambda: LEVELS, "priority": lambda: self.priority_options,
            "category": lambda: self.category_options, "site": lambda: self.site_options,
            "status": lambda: [(state, word.console) for state, word in WORDS.items()],
            "kind": lambda: (("incident", "Incident"), ("request", "Request")),
        }  # fmt: skip
        return known[name]()

    @property
    def composer_mode(self) -> str:
        """Which of the two forms is shown: a reply where one can be sent."""
        wanted = self.args.get("compose")
        if not self.by.may("ticket.reply") or self.is_ended:
            return "note"
        return "note" if wanted == "note" else "public"

    def reply_form(
        self, typed: Mapping[str, str], errors: Mapping[str, str], files: Sequence[Attachment]
    ) -> dict[str, Any]:
        """The composer's public side; `typed` and `files` are what a refused reply held."""
        again = typed if errors.get("form") == "public" else {}
        refusal = "This ticket is closed; nothing can be sent any more." if self.is_ended else ""
        if not self.by.may("ticket.reply"):
            refusal = "You may write notes here, not replies."
        return {
            "action": self.href("acts.reply", cursor=None), "recipients": self.recipients, "by": f"as {self.client.name} support",
            "value": again.get("body", ""), "error": errors.get("body", "") if again else "",
            "then": self.then if self.by.may("ticket.move") else (), "then_value": again.get("then", ""),
            "reason_for": self.needs_reason, "reason": again.get("reason", ""),
            "reason_error": errors.get("reason", "") if again else "",
            "hidden": {"seen_messages": self.ticket.message_count}, "seen": {"seen_requester": self.ticket.requester_id},
            "draft_key": self._draft_key("public"),
            "disabled_reason": refusal, "files": files if again else (),
        }  # fmt: skip

    def note_form(
        self, typed: Mapping[str, str], errors: Mapping[str, str], files: Sequence[Attachment]
    ) -> dict[str, Any]:
        """The composer's internal side."""
        again = typed if errors.get("form") == "note" else {}
        return {
            "action": self.href("acts.note", cursor=None), "team": g.host.name, "value": again.get("body", ""),
            "error": errors.get("body", "") if again else "", "draft_key": self._draft_key("note"),
            "files": files if again else (),
        }  # fmt: skip

    def _draft_key(self, mode: str) -> str:
        return f"draft:{self.by.id}:{self.ticket.id}:{mode}"

    # --- What can be done -------------------------------------------------------------------------------------------

    @cached_property
    def moves(self) -> list[tuple[str, StatusWords]]:
        """States that the ticket can go to, with how they look."""
        allowed = MOVES[self.ticket.status]
        return [(state, status_words(state)) for state in STATE_ORDER if state in allowed]

    @cached_property
    def then(self) -> list[tuple[str, str]]:
        """What can follow a public reply: staying as it is comes first."""
        status = self.ticket.status
        stays = "In progress" if status == "new" else f"Stay {WORDS[status].console.lower()}"
        known = [("", stays)]
        if status == "resolved":
            known[0] = ("", "Stay resolved")
        left_out = {"closed", "cancelled", "waiting_for_approval", *(["open"] if status == "new" else [])}
        return known + [
            (state, "Reopen" if status == "resolved" else words.word)
            for state, words in self.moves
            if state not in left_out
        ]

    @property
    def is_ended(self) -> bool:
        """Whether nobody can write to the client any more."""
        return self.ticket.status in ("closed", "cancelled", "misfiled")

    @property
    def can_acknowledge(self) -> bool:
        return (
            self.ticket.answered_at is None and self.ticket.is_open and self.by.may("ticket.move")
            and self.by.may("ticket.reply")
        )  # fmt: skip

    @property
    def can_backdate(self) -> bool:
        return self.by.may("fact.backdate")

    @property
    def can_exempt(self) -> bool:
        is_counted = self.card is not None and bool(self.card.countable) and self.ticket.status not in ("cancelled", "misfiled")
        return is_counted and self.by.may("sla.exempt")

    @property
    def dialogs(self) -> set[str]:
        """Dialogs that the page has for this agent and state."""
        has = {
            "status": self.by.may("ticket.move") and bool(self.moves),
            "subject": self.by.may("ticket.triage"),
            "requester": self.by.may("ticket.triage"),
            "follow": self.by.may("ticket.reply"),
            "task": self.by.may("ticket.triage") and not self.is_ended,
            "exempt": self.can_exempt,
            "acknowledge": self.can_acknowledge and self.can_backdate,
            "custom": self.by.may("ticket.triage") and bool(self.custom_fields),
        }
        return {name for name, is_there in has.items() if is_there}

    @property
    def can_refile(self) -> bool:
        return not self.is_ended and self.by.may("ticket.refile")
