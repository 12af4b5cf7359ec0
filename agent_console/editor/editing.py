"""One definition in its editor: what it was, what is typed, what is wrong with it, and what it would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from agent_console.editor import calendars
from agent_console.editor.kinds import KINDS, Kind
from msp.core import clock
from msp.core.actor import Actor
from msp.core.errors import Invalid, MspError
from msp.core.ids import new_id
from msp.core.web.formats import date_words
from msp.itsm.sla.checks.kinds import checked
from msp.itsm.sla.models import Definition, DefinitionVersion, Rollout, Template
from msp.itsm.sla.services import definitions, preview
from msp.itsm.sla.services.preview import Effect
from msp.itsm.tickets.services import reprioritise
from tenants.models import Tenant

Form = MultiDict[str, str]
Content = Mapping[str, Any]
_SHOWN_VERSIONS = 5


@dataclass(frozen=True)
class Mark:
    """A version on the ribbon."""

    number: int
    words: str
    note: str
    state: str = ""
    is_linked: bool = True


@dataclass
class Editing:
    """A client's definition being edited. Without versions it is a new one.

    `before` is the content that changes are marked against: that of the newest version. `notice` says where the fields
    come from when it is not that one; `start` is what a new one started from, a template or another definition.
    """

    client: Tenant
    definition: Definition
    versions: Sequence[DefinitionVersion]
    before: Content
    form: Form
    errors: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    effect: Effect | None = None
    template_number: int | None = None
    notice: str = ""
    start: UUID | None = None
    start_template: Template | None = None

    @property
    def kind(self) -> Kind:
        return KINDS[self.definition.kind]

    @property
    def is_new(self) -> bool:
        return not self.versions

    @property
    def number(self) -> int:
        """The version that saving makes."""
        return self.versions[-1].number + 1 if self.versions else 1

    @property
    def version(self) -> str:
        """The state that the form was filled in from: a look at it makes no newer one known."""
        return self.form.get("version") or str(self.definition.version or 1)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.client.time_zone)

    @property
    def before_form(self) -> Form:
        """What changes are marked against: nothing is changed about a new one."""
        return self.form if self.is_new else self.kind.to_form(self.before)

    def content(self) -> dict[str, Any]:
        """What is typed, checked; Invalid with what is wrong."""
        typed = self.kind.to_content(self.form, self.before, "calendar_id")
        return definitions.checked_content(self.definition, typed, clock.now(), number=self.number)

    def is_changed(self, content: Content) -> bool:
        """Whether saving would make another version; contents are compared as they would be stored."""
        if self.is_new:
            return True
        try:
            known = {target["calendar_id"] for row in self.before.get("targets", {}).values() for target in row.values()}
            return checked(self.kind.name, self.before, calendars=known) != content
        except Invalid:
            return True  # stored before it was checked: any version would be better

    def look(self, *, by: Actor) -> None:
        """Find out what it would do; what is wrong with it stands beside its fields instead."""
        try:
            content = self.content()
        except MspError as refused:
            self.refuse(refused)
            return
        if self.is_changed(content):
            self.effect = self._effect(content, by)

    def refuse(self, refused: MspError) -> None:
        """Keep what is wrong, by pointer."""
        self.errors = {error.pointer: error.message for error in refused.errors}
        self.refusal = "" if self.errors else refused.message

    def begins_at(self) -> datetime:
        """The instant from which the version holds: now, or the first of a later day at the client."""
        text, now = self.form.get("in_force_from", "").strip(), clock.now()
        today = now.astimezone(self.tz).date()
        try:
            on = date.fromisoformat(text) if text else today
        except ValueError:
            raise Invalid.field("effective_at", "Write the day as 2027-04-12.", "bad_date") from None
        if on < today:
            raise Invalid.field("effective_at", "A version begins today or later: what was promised stays promised.", "past")
        return now if on == today else datetime.combine(on, time(), self.tz)

    def ribbon(self, now: datetime) -> list[Mark]:
        """The last versions, the one in force marked, and the draft."""
        started = [version for version in self.versions if version.effective_at is None or version.effective_at <= now]
        in_force = started[-1] if started else None
        marks = [self._mark(version, in_force, now) for version in self.versions[-_SHOWN_VERSIONS:]]
        return [
            *marks,
            Mark(self.number, "not saved yet", self.form.get("note", "") or "draft", "draft", is_linked=False),
        ]

    def _mark(self, version: DefinitionVersion, in_force: DefinitionVersion | None, now: datetime) -> Mark:
        begins = version.effective_at
        words = "from the start" if begins is None else date_words(begins.astimezone(self.tz).date(), year=True)
        if begins is not None and begins > now:
            words = f"from {words}"
        is_now = version is in_force
        return Mark(version.number, words, version.note or ("in force" if is_now else ""), "now" if is_now else "")

    def _effect(self, content: Content, by: Actor) -> Effect:
        if self.kind.name == "matrix":
            return reprioritise.of_matrix(self.client.id, content, by=by)
        return preview.of_content(
            self.client.id, self.kind.name, content, by=by, definition_id=None if self.is_new else self.definition.id,
            name=self.definition.name,
        )  # fmt: skip

    def change_rows(self, act: str) -> None:
        """A row of the week more or less, without script."""
        self.form = calendars.change_rows(self.form, act)


def blank(client: Tenant, kind: str, name: str = "") -> Definition:
    """A definition that is not saved yet."""
    return Definition(tenant_id=client.id, id=new_id(), kind=kind, name=name, is_default=False)


def unfinished(rollouts: Mapping[Any, Rollout]) -> Rollout | None:
    """The rollout that still moves tickets."""
    return next((rollout for rollout in rollouts.values() if rollout.is_moving and rollout.finished_at is None), None)
