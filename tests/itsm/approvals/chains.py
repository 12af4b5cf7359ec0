"""Chains, people and entries for the tests of the engine: made at random by hypothesis, or by hand."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from msp.itsm.approvals.engine.chain import ROLES, Approver, Chain, Condition, Stage
from msp.itsm.approvals.engine.reading import as_value
from msp.itsm.approvals.engine.seating import Found, Person

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
IDS = [f"00000000-0000-7000-8000-{number:012d}" for number in range(1, 10)]
CONTACTS = [Person("contact", id) for id in IDS[:6]]
AGENTS = [Person("agent", id) for id in IDS[6:]]
REQUESTER = CONTACTS[0]


@st.composite
def conditions(draw: Any) -> Condition | None:
    if draw(st.booleans()):
        return None
    field = draw(st.sampled_from(["once", "monthly", "colour", "missing"]))
    operator = draw(st.sampled_from(["=", "!=", ">", ">=", "<", "<=", "in"]))
    value = draw(st.lists(st.sampled_from(["red", "blue"]), max_size=2)) if operator == "in" else draw(
        st.sampled_from([0, 500, 99.5, "red", True])
    )  # fmt: skip
    made = as_value(value)
    assert made is not None
    return Condition(field, operator, made)


@st.composite
def approvers(draw: Any) -> Approver:
    kind = draw(st.sampled_from(["contact", "agent", "role", "role"]))
    words = {"contact": IDS[:6], "agent": IDS[6:], "role": list(ROLES)}[kind]
    return Approver(kind, draw(st.sampled_from(words)))


@st.composite
def stages(draw: Any) -> Stage:
    expires = draw(st.integers(2, 200))
    return Stage(
        draw(st.sampled_from(["Manager", "Board", "Money"])),
        tuple(dict.fromkeys(draw(st.lists(approvers(), min_size=1, max_size=4)))),
        draw(st.none() | st.integers(1, 4)),
        draw(conditions()),
        expires,
        draw(st.none() | st.integers(1, expires - 1)),
        draw(st.booleans()),
        draw(st.booleans()),
    )


CHAINS = st.lists(stages(), min_size=1, max_size=4).map(lambda found: Chain(tuple(found)))
SHOWN = st.fixed_dictionaries(
    {}, optional={"once": st.sampled_from([0, 500, 1140]), "monthly": st.just(46), "colour": st.sampled_from(["red", "green"])}
).map(lambda given: {name: as_value(value) for name, value in given.items()})


@st.composite
def directories(draw: Any, chain: Chain) -> Found:
    """Whom the directory finds for a chain: sometimes nobody."""
    everybody = {
        approver: tuple(draw(st.lists(st.sampled_from(AGENTS if approver.is_ours else CONTACTS), max_size=3, unique=True)))
        for stage in chain.stages
        for approver in stage.approvers
    }
    covers = draw(st.dictionaries(st.sampled_from(CONTACTS), st.sampled_from(CONTACTS), max_size=3))
    return Found(
        everybody,
        tuple(draw(st.lists(st.sampled_from(CONTACTS), max_size=2, unique=True))),
        tuple(draw(st.lists(st.sampled_from(AGENTS), max_size=2, unique=True))),
        {person: cover for person, cover in covers.items() if person != cover},
    )
