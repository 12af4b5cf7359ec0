"""Who approves an item's orders: the chain as an item keeps it, checked and in words, and what those who are asked are shown.

A chain is that of `approvals.engine.reading`; None where nobody is asked. Conditions name `once` or `monthly`, what an order
costs, or the name of a question that may stand in the item's form.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from msp.core.errors import FieldError, Invalid
from msp.itsm.approvals.engine.chain import Chain, Condition, Stage
from msp.itsm.approvals.engine.errors import ChainInvalid
from msp.itsm.approvals.engine.reading import read_chain, write_chain
from msp.itsm.approvals.shown import MOST_LINES, TEXT_LENGTH, TITLE_LENGTH, Shown
from msp.itsm.catalog import plans
from msp.itsm.catalog.forms.definition import PICKED, Part
from msp.itsm.catalog.questions import form_of

KIND = "order"  # what the subject of an order's approval is called
PRICES = {"once": "the price", "monthly": "the price per month"}
WHO = {
    "manager": "a manager", "site_manager": "the site’s manager", "cost_centre_owner": "the owner of the cost centre",
    "approver": "an approver", "client_admin": "a client administrator", "cab": "the change advisory board",
    "account_manager": "our account manager",
}  # fmt: skip
_OPERATORS = {"=": "is", "!=": "is not", ">": "is over", ">=": "is at least", "<": "is under", "<=": "is at most", "in": "is one of"}
_OF_OPTIONS = ("=", "!=", "in")
Json = Mapping[str, Any]


def chain_of(data: Json) -> Chain:
    """The chain of a content that was checked."""
    return read_chain(data)


def checked_chain(data: Any, form: Json) -> dict[str, Any] | None:
    """The chain in its normal form; raises Invalid with pointers into it. `form` is what its conditions may name."""
    if data is None:
        return None
    try:
        chain = read_chain(data)
    except ChainInvalid as error:
        raise Invalid(errors=[FieldError(each.pointer, each.code, each.message) for each in error.wrong]) from error
    asked = {part.name: part for part in form_of(form).parts if part.asks}
    wrong = [
        FieldError(f"/stages/{number}/condition/{fault[0]}", *fault[1:])
        for number, stage in enumerate(chain.stages)
        if stage.condition is not None and (fault := _condition_fault(stage.condition, asked))
    ]
    if wrong:
        raise Invalid(errors=wrong)
    return write_chain(chain)


def has_conditions(data: Json | None) -> bool:
    """Whether whom it asks depends on the price or on an answer."""
    return data is not None and any(stage.condition is not None for stage in chain_of(data).stages)


def named(data: Json | None) -> Iterator[tuple[str, str, UUID]]:
    """The people that a chain names by id: pointer, `contact` or `agent`, id."""
    for number, stage in enumerate(chain_of(data).stages if data else ()):
        for place, approver in enumerate(stage.approvers):
            if approver.kind != "role":
                yield f"/chain/stages/{number}/approvers/{place}", approver.kind, UUID(approver.value)


def said(data: Json, form: Json) -> str:
    """A chain in words, for a comparison."""
    parts = form_of(form).parts
    return "; then ".join(_stage_words(stage, parts) for stage in chain_of(data).stages)


def who_words(stage: Stage) -> str:
    """Whom a stage asks, without names: `a manager and the owner of the cost centre`."""
    found = [*dict.fromkeys(WHO[each.value] for each in stage.approvers if each.kind == "role")]
    count = sum(each.kind != "role" for each in stage.approvers)
    if count:
        found.append("a named person" if count == 1 else f"{count} named people")
    return listed(found)


def listed(names: Sequence[str]) -> str:
    """`Tom, Rosa and Samir`."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def condition_words(condition: Condition, parts: Sequence[Part]) -> str:
    """`only if the price is over 500`, `only if “Size” is 16 inch`."""
    part, value = next((each for each in parts if each.name == condition.field), None), condition.value
    text = f"{value:,}" if isinstance(value, Decimal) else ", ".join(labels_of(part, value if isinstance(value, tuple) else (str(value),)))
    name = PRICES.get(condition.field) or (f"“{part.label}”" if part else condition.field)
    return f"only if {name} {_OPERATORS[condition.operator]} {text}"


def labels_of(part: Part | None, values: Sequence[str]) -> list[str]:
    """Options as they are called; what is none, as it stands."""
    return [found.label if part is not None and (found := part.option(value)) else value for value in values]


def shown_of(
    title: str, lines: list[tuple[str, str]], answers: Json, *, note: str, cost: tuple[Decimal | None, Decimal | None], currency: str,
    is_price_shown: bool, tasks: Any, ref: str, site_id: UUID | None, cost_centre: str | None,
) -> Shown:  # fmt: skip
    """An order as its approvers see it. Its values hold everything that a change of must ask anew, also what is not shown."""
    once, monthly = cost
    plan = plans.said(tasks) if tasks else ""
    told = [*lines, *((("Then", plan),) if plan else ())]
    if len(told) > MOST_LINES:
        kept, rest = told[: MOST_LINES - 1], told[MOST_LINES - 1 :]
        told = [*kept, ("And", "; ".join(f"{label}: {text}" for label, text in rest))]
    priced = {"once": once or Decimal(0), "monthly": monthly or Decimal(0)}
    values = {**answers, **priced, ":note": note, ":plan": plan}
    return Shown(
        title[:TITLE_LENGTH], tuple((label, _clipped(text)) for label, text in told), once=once if is_price_shown else None,
        monthly=monthly if is_price_shown else None, currency=currency, reference=ref, link=f"/requests/{ref}", values=values,
        site_id=site_id, cost_centre=cost_centre,
    )  # fmt: skip


def _condition_fault(condition: Condition, asked: Mapping[str, Part]) -> tuple[str, str, str] | None:
    """Where it names nothing that is asked, or compares it with what no answer is: it would be asked always, or never."""
    part = asked.get(condition.field)
    if part is None and condition.field not in PRICES:
        return "field", "unknown", f"The form asks for no “{condition.field}”."
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if not values or "" in values:
        return "value", "required", "Say what it is compared with."
    if (part is None or part.kind == "number") and not isinstance(condition.value, Decimal):
        return "value", "type", "Compare it with a number."
    if part is None or part.kind not in PICKED:
        return None
    if condition.operator not in _OF_OPTIONS:
        return "operator", "options", "An option is, is not, or is one of."
    if any(part.option(value) is None for value in values):
        return "value", "option", f"One of its options: {', '.join(option.label for option in part.options)}."
    return None


def _stage_words(stage: Stage, parts: Sequence[Part]) -> str:
    rule = f", {stage.needed} of them" if stage.needed is not None and len(stage.approvers) > 1 else ""
    when = f", {condition_words(stage.condition, parts)}" if stage.condition else ""
    return f"{stage.name} ({who_words(stage)}{rule}{when})"


def _clipped(text: str) -> str:
    return text if len(text) <= TEXT_LENGTH else f"{text[: TEXT_LENGTH - 1]}…"
