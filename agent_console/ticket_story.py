"""The conversation of a ticket's page: its end, or an earlier page of it."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from agent_console import feed as feeds
from msp.core.actor import Actor
from msp.core.paging import Page
from msp.itsm.tickets import queries, story
from msp.itsm.tickets.models import Follower, Message, Ticket, TimelineEntry


class TicketStory:
    """What was said and what happened on one ticket, for one agent."""

    def __init__(self, ticket: Ticket, *, by: Actor, tz: tzinfo, args: MultiDict[str, str]) -> None:
        self.ticket, self.by, self.tz, self.args = ticket, by, tz, args

    @cached_property
    def followers(self) -> Sequence[Follower]:
        return queries.followers(self.ticket)

    @cached_property
    def story(self) -> Page[story.Item]:
        """What was said and happened, the newest first: its end, or the page that the address names."""
        return story.pages(self.ticket, by=self.by, cursor=self.cursor)

    @property
    def cursor(self) -> str | None:
        return self.args.get("cursor") or None

    @cached_property
    def read_at(self) -> datetime | None:
        """When the agent last read it; ask before it is marked as read."""
        mark: datetime | None = queries.read_marks([self.ticket], by=self.by).get(self.ticket.id)
        return mark

    @cached_property
    def feed(self) -> feeds.Feed:
        rows = self.story.rows
        messages = [row for row in rows if isinstance(row, Message)]
        later: Sequence[TimelineEntry] = ()
        if self.cursor and rows:
            newest = rows[0].sent_at if isinstance(rows[0], Message) else rows[0].at
            later = story.reader_changes(self.ticket, by=self.by, after=newest)
        return feeds.feed(
            messages, [row for row in rows if isinstance(row, TimelineEntry)],
            queries.attachments(self.ticket, by=self.by, of=messages), later=later,
            readers=(self.ticket.requester_name, [each.name for each in self.followers]),
            me=self.by.id, read_at=self.read_at, tz=self.tz, is_whole=bool(self.args.get("all") or self.cursor),
        )  # fmt: skip

    @cached_property
    def recipients(self) -> list[str]:
        """Who is sent a public reply, by name."""
        others = [each.name for each in self.followers if each.contact_id != self.ticket.requester_id]
        return [self.ticket.requester_name, *others]

    def files(self, item: feeds.Said) -> list[dict[str, Any]]:
        """A message's files as the entry shows them."""
        return [
            {
                "name": file.name, "size": file.size, "pending": file.state != "bound",
                "href": url_for("files.download", attachment_id=file.id),
                "image_href": url_for("files.picture", attachment_id=file.id) if file.preview_key else "",
            }
            for file in item.files
        ]  # fmt: skip
