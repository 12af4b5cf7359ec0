"""An approval as its pages show it: what is asked, what it costs, the stages and who is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msp.itsm.approvals import shown, words
from msp.itsm.approvals.engine.chain import Stage, applies
from msp.itsm.approvals.engine.reading import read_chain
from msp.itsm.approvals.models import Approval, Seat
from msp.itsm.approvals.words import StateWords


@dataclass(frozen=True)
class Asked:
    """One person in a stage: what came of it, and in whose place."""

    name: str
    decision: str | None
    at: datetime | None
    reason: str | None
    channel: str
    instead_of: str
    is_open: bool
    is_raised: bool
    seat: Seat


@dataclass(frozen=True)
class Step:
    """One stage: `done`, `now`, `next` or `skipped`; the rule in words."""

    number: int
    name: str
    standing: str
    rule: str
    people: tuple[Asked, ...]


@dataclass(frozen=True)
class Card:
    approval: Approval
    state: StateWords
    once: str
    monthly: str
    lines: tuple[tuple[str, str], ...]
    link: str
    steps: tuple[Step, ...]
    asked_now: str

    @property
    def is_free(self) -> bool:
        """Whether no stage of the chain applied, so that it was approved without anybody."""
        return self.approval.state == "approved" and all(step.standing == "skipped" for step in self.steps)


def card(approval: Approval, seats: Sequence[Seat]) -> Card:
    """The approval with its seats."""
    content = approval.shown
    once, monthly = (shown.money(content.get(name), content.get("currency")) for name in ("once", "monthly"))
    return Card(
        approval, words.STATES[approval.state], once, monthly,
        tuple((str(label), str(text)) for label, text in content.get("lines", [])), str(content.get("link") or ""),
        tuple(_steps(approval, seats)), words.names_of(seats),
    )  # fmt: skip


def _steps(approval: Approval, seats: Sequence[Seat]) -> list[Step]:
    values, made = shown.facts(approval.shown), []
    for index, stage in enumerate(read_chain(approval.chain).stages):
        own = [seat for seat in seats if seat.stage == index]
        is_asked = bool(own) or applies(stage.condition, values)
        standing = _standing(approval, index, own) if is_asked else "skipped"
        made.append(Step(index + 1, stage.name, standing, _rule(stage, own), tuple(_asked(seat) for seat in own)))
    return made


def _standing(approval: Approval, index: int, own: Sequence[Seat]) -> str:
    if approval.is_waiting and approval.stage == index:
        return "now"
    if not own:
        return "next"
    return "refused" if approval.state == "rejected" and _is_last(approval, own) else "done"


def _is_last(approval: Approval, own: Sequence[Seat]) -> bool:
    return any(seat.decision == "rejected" and seat.decided_at == approval.ended_at for seat in own)


def _rule(stage: Stage, own: Sequence[Seat]) -> str:
    if stage.needed is not None and (not own or len(own) > stage.needed):
        return f"{stage.needed} of {len(own)}" if own else f"{stage.needed} of those asked"
    return "all of them" if len(own) > 1 else ""


def _asked(seat: Seat) -> Asked:
    return Asked(
        seat.holder_name, seat.decision, seat.decided_at, seat.reason, words.CHANNELS.get(seat.channel or "system", ""),
        seat.person_name if seat.is_passed_on else "", seat.is_open, seat.is_raised, seat,
    )  # fmt: skip
