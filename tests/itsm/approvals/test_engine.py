"""The rules one by one: sequence, all and some of a stage, conditions, who sits, expiry, escalation, and what is refused."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from msp.itsm.approvals.engine import seating, state
from msp.itsm.approvals.engine.chain import Approver, Condition, Stage, applies
from msp.itsm.approvals.engine.errors import ChainInvalid, Ended, Misplaced, NotDue, NotEntitled, TooLate
from msp.itsm.approvals.engine.reading import read_chain
from msp.itsm.approvals.engine.seating import Found, Person
from tests.itsm.approvals.chains import AGENTS, CONTACTS, MONDAY, REQUESTER

ME, A, B, C, D, E = CONTACTS
MANAGER = Approver("role", "manager")


def chain(*stages: dict[str, Any]) -> Any:
    return read_chain({"stages": [{"name": "Stage", "approvers": [{"role": "manager"}], **stage} for stage in stages]})


def seated(made: Any, *people: Person, required: int | None = None) -> state.State:
    begun = made if isinstance(made, state.State) else state.begun(made, {}, REQUESTER)
    places = tuple(state.Place(person.id, person, person) for person in people)
    return state.after(begun, state.Seated(MONDAY, places, required or len(people)))


def answer(now: state.State, person: Person, is_approved: bool = True, hours: int = 1) -> state.State:
    return state.after(now, state.Answered(MONDAY + timedelta(hours=hours), person.id, person, is_approved))


def test_stages_follow_one_another() -> None:
    now = answer(seated(chain({}, {}), A), A)
    assert (now.outcome, now.position, now.needs_seating) == (None, 1, True)
    assert answer(seated(now, B), B).outcome == "approved"


def test_all_of_a_stage_must_approve_and_one_refusal_ends_it() -> None:
    now = answer(seated(chain({}), A, B), A)
    assert now.outcome is None
    assert answer(now, B).outcome == "approved"
    assert answer(now, B, False).outcome == "rejected"


def test_some_are_enough_and_it_ends_once_they_cannot_be_reached() -> None:
    now = seated(chain({"needed": 2}), A, B, C, required=2)
    assert answer(answer(now, A), C).outcome == "approved"
    once = answer(now, A, False)
    assert once.outcome is None
    assert answer(once, B, False).outcome == "rejected"
    assert answer(answer(once, B), C).outcome == "approved"


@pytest.mark.parametrize(
    ("operator", "value", "shown", "is_asked"),
    [
        (">", 500, "1140", True), (">", 500, "500", False), (">=", 500, "500", True), ("<", 500, "499.99", True),
        ("<=", 500, "500.01", False), ("=", 500, "500.00", True), ("!=", 500, "500", False),
    ],
)  # fmt: skip
def test_a_stage_may_depend_on_the_price(operator: Any, value: int, shown: str, is_asked: bool) -> None:
    assert applies(Condition("once", operator, Decimal(value)), {"once": Decimal(shown)}) is is_asked


def test_what_was_not_shown_or_cannot_be_compared_is_asked() -> None:
    over = Condition("once", ">", Decimal(500))
    assert applies(over, {})
    assert applies(over, {"once": "many"})
    assert not applies(Condition("colour", "in", ("red", "blue")), {"colour": "green"})
    cheap = chain({"condition": {"field": "once", "operator": ">", "value": 500}})
    assert state.begun(cheap, {"once": Decimal(3)}, ME).outcome == "approved"


@pytest.mark.parametrize(
    ("operator", "value", "shown", "is_asked"),
    [
        ("=", "large", ("small", "large"), True), ("=", "large", ("small",), False), ("=", "large", (), False),
        ("!=", "large", ("small", "large"), False), ("!=", "large", ("small",), True),
        ("in", ("large", "huge"), ("small", "large"), True), ("in", ("large", "huge"), ("small",), False),
        (">", "large", ("small",), True), ("=", Decimal(5), ("small",), True), ("=", "yes", True, True), ("=", "5", Decimal(4), True),
        ("in", ("4", "5"), Decimal(3), True),
    ],
)  # fmt: skip
def test_an_answer_of_several_is_compared_one_by_one_and_what_cannot_be_is_asked(
    operator: Any, value: Any, shown: Any, is_asked: bool
) -> None:
    assert applies(Condition("size", operator, value), {"size": shown}) is is_asked


def found(*people: Person, **others: Any) -> Found:
    return Found({MANAGER: people}, **others)


def test_nobody_sits_twice_and_the_requester_only_where_he_counts() -> None:
    stage = Stage("Stage", (MANAGER,))
    made = seating.seating(stage, found(ME, A, B, covers={A: B}), barred={ME})
    assert [(place.person, place.holder) for place in made.places] == [(A, B)]
    own = seating.seating(Stage("Stage", (MANAGER,), self_counts=True), found(ME, A), barred={ME})
    assert [place.person for place in own.places] == [ME, A]
    covered = seating.seating(stage, found(A, covers={A: ME}), barred={ME})
    assert [place.holder for place in covered.places] == [A], "the requester covers nobody in his own matter"


def test_an_empty_stage_goes_to_the_administrators_then_to_the_account_manager() -> None:
    stage, manager = Stage("Stage", (MANAGER,)), AGENTS[0]
    first = seating.seating(stage, found(admins=(C, D), managers=(manager,)), barred={ME})
    assert ([place.person for place in first.places], first.required, first.note) == ([C, D], 1, seating.NOBODY)
    second = seating.seating(stage, found(admins=(ME,), managers=(manager,)), barred={ME})
    assert ([place.person for place in second.places], second.note) == ([manager], seating.OURS)
    assert seating.seating(stage, found(), barred={ME}) == seating.Seating((), 1, seating.VACANT)
    few = seating.seating(Stage("Stage", (MANAGER,), needed=2), found(A, admins=(C,)), barred={ME})
    assert ([place.person for place in few.places], few.required, few.note) == ([A, C], 2, seating.FEW)


def test_a_delegate_decides_and_who_delegated_no_longer_does() -> None:
    now = seated(chain({}), A)
    now = state.after(now, state.Delegated(MONDAY, A.id, A, B))
    with pytest.raises(NotEntitled):
        answer(now, A)
    assert state.after(now, state.Answered(MONDAY, A.id, B, True)).outcome == "approved"
    with pytest.raises(NotEntitled):
        state.after(now, state.Delegated(MONDAY, A.id, B, ME))
    with pytest.raises(Misplaced):
        state.after(seated(chain({}), A, B), state.Delegated(MONDAY, A.id, A, B))


def test_it_expires_and_takes_no_late_answer() -> None:
    now = seated(chain({"expires_after_hours": 8}), A)
    with pytest.raises(NotDue):
        state.after(now, state.Expired(MONDAY + timedelta(hours=7)))
    with pytest.raises(TooLate):
        answer(now, A, hours=8)
    assert state.after(now, state.Expired(MONDAY + timedelta(hours=8))).outcome == "expired"


def test_a_late_stage_is_escalated_once_and_whoever_it_goes_to_decides_alone() -> None:
    now, late = seated(chain({"expires_after_hours": 8, "escalates": True}), A, B), MONDAY + timedelta(hours=8)
    places = seating.raised(now.stage, found(admins=(A, C)), barred={ME}, holders=[A, B])
    assert [place.holder for place in places] == [C]
    up = state.after(now, state.Raised(late, (state.Place("up", C, C),)))
    assert up.due_at == late + timedelta(hours=8)
    assert state.after(up, state.Answered(late, "up", C, True)).outcome == "approved"
    assert state.after(up, state.Answered(late, "up", C, False)).outcome == "rejected"
    assert answer(answer(up, A, hours=9), B, hours=9).outcome == "approved"
    with pytest.raises(Misplaced):
        state.after(up, state.Raised(up.due_at, (state.Place("again", D, D),)))


def test_only_the_requester_withdraws_and_nothing_follows_an_outcome() -> None:
    now = seated(chain({}), A)
    with pytest.raises(NotEntitled):
        state.after(now, state.Withdrawn(MONDAY, A))
    ended = state.after(now, state.Withdrawn(MONDAY, ME))
    assert ended.outcome == "withdrawn"
    with pytest.raises(Ended):
        answer(ended, A)
    assert state.after(now, state.Changed(MONDAY)).outcome == "voided"


@pytest.mark.parametrize(
    ("definition", "pointers"),
    [
        (None, ["/stages"]), ({"stages": []}, ["/stages"]), ({"stages": ["x"]}, ["/stages/0"]),
        ({"stages": [{"name": " ", "approvers": []}]}, ["/stages/0/name", "/stages/0/approvers"]),
        ({"stages": [{"name": "x", "approvers": [{"role": "king"}, {"contact": "no"}]}]},
         ["/stages/0/approvers/0", "/stages/0/approvers/1"]),
        ({"stages": [{"name": "x", "approvers": [{"role": "cab"}], "needed": 0, "odd": 1}]}, ["/stages/0/odd", "/stages/0/needed"]),
        ({"stages": [{"name": "x", "approvers": [{"role": "cab"}], "expires_after_hours": 2, "remind_after_hours": 2}]},
         ["/stages/0/remind_after_hours"]),
        ({"stages": [{"name": "x", "approvers": [{"role": "cab"}], "condition": {"field": "once", "operator": "~", "value": None}}]},
         ["/stages/0/condition/operator", "/stages/0/condition/value"]),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_told_where(definition: Any, pointers: list[str]) -> None:
    with pytest.raises(ChainInvalid) as refused:
        read_chain(definition)
    assert [wrong.pointer for wrong in refused.value.wrong] == pointers
