"""What the page of one request shows, each part read when it is asked for."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from flask import g, url_for

from msp.core import clock
from msp.core.actor import Actor
from msp.core.paging import Page
from msp.core.web import formats
from msp.itsm.catalog import queries as catalog
from msp.itsm.catalog.models import Order
from msp.itsm.csat import queries as csat
from msp.itsm.csat.models import Survey
from msp.itsm.tickets import queries, story
from msp.itsm.tickets.custom import queries as custom_fields
from msp.itsm.tickets.models import Follower, Message, Ticket, TimelineEntry
from msp.itsm.tickets.states import CONTACT_MOVES
from portal import catalogue, conversation, journey, promise, rights, words
from portal.conversation import Happened, Said
from portal.shell import zone
from tenants import queries as tenants

_SOURCES = {"portal": "here", "phone": "by phone", "in_person": "in person", "mail": "by mail"}


class TicketPage:
    """One request, as one of the client's people sees it."""

    def __init__(self, ticket: Ticket, *, by: Actor, cursor: str | None = None) -> None:
        self.ticket, self.by, self.cursor = ticket, by, cursor
        self.now, self.tz = clock.now(), zone()

    @property
    def href(self) -> str:
        return url_for("ticket.page", ref=self.ticket.ref, cursor=self.cursor)

    def page_href(self, cursor: str | None) -> str:
        """The page of the conversation that begins there; None for the newest."""
        return url_for("ticket.page", ref=self.ticket.ref, cursor=cursor, _anchor="conversation")

    @property
    def is_mine(self) -> bool:
        return self.ticket.requester_id == self.by.id

    @property
    def is_of_company(self) -> bool:
        """Whether it belongs to the company's list; otherwise it is one's own, or shared with one."""
        return not self.is_mine and rights.lists_with_company(self.by, self.ticket.site_id)

    @property
    def subtitle(self) -> str:
        """`NWD-1042, reported by you here on Thursday 25 March at 14:20`."""
        local = self.ticket.opened_at.astimezone(self.tz)
        verb = "reported" if self.ticket.kind == "incident" else "asked for"
        who = "you" if self.is_mine else self.ticket.requester_name
        how = _SOURCES.get(self.ticket.source, "")
        day = words.day_words(local.date(), self.now.astimezone(self.tz).date())
        on = "" if day in ("today", "yesterday") else "on "
        return f"{self.ticket.ref}, {verb} by {who} {how} {on}{day} at {local:%H:%M}".replace("  ", " ")

    # --- Journey and promise -----------------------------------------------------------------------------------------

    @cached_property
    def clocks(self) -> promise.Clocks:
        return promise.clocks_of(self.ticket.tenant_id, self.ticket.id, now=self.now, tz=self.tz)

    @cached_property
    def steps(self) -> list[journey.Step]:
        return journey.steps(self.ticket, self.clocks, me=self.by.id)

    @cached_property
    def promise(self) -> promise.Promise | None:
        return promise.promise(self.ticket, self.clocks)

    @property
    def answer_words(self) -> str:
        return promise.answer_words(self.clocks) if self.ticket.is_open else ""

    @property
    def received_words(self) -> str:
        return promise.received_words(self.ticket, self.clocks)

    # --- Conversation ------------------------------------------------------------------------------------------------

    @cached_property
    def story(self) -> Page[story.Item]:
        """What was said and happened, the newest first: its end, or the page that the address names."""
        return story.pages(self.ticket, by=self.by, cursor=self.cursor)

    @cached_property
    def items(self) -> list[Said | Happened]:
        rows = self.story.rows
        messages = [row for row in rows if isinstance(row, Message)]
        return conversation.conversation(
            messages, [row for row in rows if isinstance(row, TimelineEntry)],
            queries.attachments(self.ticket, by=self.by, of=messages), me=self.by.id, kind=self.ticket.kind,
            provider=g.host.provider_name, now=self.now, tz=self.tz,
        )  # fmt: skip

    @property
    def recent(self) -> Sequence[Said | Happened]:
        return self.items if self.cursor or len(self.items) <= conversation.SHOWN + 2 else self.items[: conversation.SHOWN]

    @property
    def earlier(self) -> Sequence[Said | Happened]:
        return self.items[len(self.recent) :]

    @property
    def answer_label(self) -> str:
        """`Write to Priya`: whoever works on it, else the provider."""
        name = (self.ticket.assignee_name or "").split(" ")[0] if self.by.id == self.ticket.requester_id else ""
        return f"Write to {name or g.host.provider_name}"

    @cached_property
    def order(self) -> Order | None:
        """What was ordered with it from the catalogue."""
        return catalog.order_of(self.ticket) if self.ticket.kind == "request" else None

    @property
    def order_price(self) -> str:
        """What the order cost when it was placed."""
        return catalogue.order_price(self.order) if self.order else ""

    # --- Beside it ---------------------------------------------------------------------------------------------------

    @cached_property
    def followers(self) -> Sequence[Follower]:
        """Colleagues who are informed; who of us follows is our own business."""
        return [each for each in queries.followers(self.ticket) if each.contact_id is not None]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What stands beside the conversation; empty ones are left out by the page."""
        ticket = self.ticket
        due = self.clocks.due("update") if ticket.is_open else None
        custom = custom_fields.shown(ticket.tenant_id, ticket.kind, ticket.custom, by=self.by)
        return [
            ("Working on it", ", ".join(filter(None, (ticket.assignee_name, ticket.team_name)))),
            ("Urgency", words.urgency_words(ticket.priority, ticket.impact, ticket.urgency)),
            ("Affected", ", ".join(filter(None, (ticket.ci_name, ticket.service)))),
            ("Next word from us", f"by {words.by_words(due, self.now, self.tz)}" if due else ""),
            ("Where", self._site),
            ("About", self._category),
            *custom,
            ("Also informed", ", ".join(each.name for each in self.followers)),
        ]

    @property
    def _site(self) -> str:
        if self.ticket.site_id is None:
            return ""
        return tenants.visible_site(self.ticket.tenant_id, self.ticket.site_id, by=self.by).name

    @property
    def _category(self) -> str:
        if self.ticket.category_id is None:
            return ""
        return queries.visible_category(self.ticket.category_id, by=self.by).path

    # --- Acts --------------------------------------------------------------------------------------------------------

    @property
    def may(self) -> dict[str, bool]:
        """What can be done with it now; the services ask again."""
        moves: Any = CONTACT_MOVES.get(self.ticket.status, frozenset())
        is_over = self.ticket.status in ("closed", "cancelled", "misfiled")
        return {
            "answer": not is_over,
            "resolve": "resolved" in moves,
            "reopen": "open" in moves,
            "withdraw": "cancelled" in moves,
            "inform": not is_over,
        }

    @cached_property
    def survey(self) -> Survey | None:
        """The one question, put to whoever asked."""
        return csat.latest_survey(self.ticket, by=self.by) if self.ticket.status in ("resolved", "closed") else None

    @property
    def survey_is_open(self) -> bool:
        return self.survey is not None and self.survey.is_open(self.now)

    @property
    def resolved_words(self) -> str:
        at = self.ticket.resolved_at
        return formats.moment_words(at, self.tz) if at else ""
