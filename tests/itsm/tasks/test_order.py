"""Which tasks wait for which."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from msp.itsm.tasks import order


def test_a_circle_is_named() -> None:
    assert order.circle({"a": ["b"], "b": ["a"], "c": []}) in (["a", "b", "a"], ["b", "a", "b"])
    assert order.circle({"a": ["a"]}) == ["a", "a"]
    assert order.circle({"a": [], "b": ["a"], "c": ["a", "b"]}) == []


def test_what_is_ready_waits_for_all_before_it() -> None:
    after = {"b": ["a"], "c": ["a"], "d": ["b", "c"]}
    assert order.ready({"a": "open", "b": "waiting", "c": "waiting", "d": "waiting"}, after) == []
    assert order.ready({"a": "done", "b": "waiting", "c": "waiting", "d": "waiting"}, after) == ["b", "c"]
    assert order.ready({"a": "done", "b": "skipped", "c": "failed", "d": "waiting"}, after) == []
    assert order.ready({"a": "done", "b": "skipped", "c": "done", "d": "waiting"}, after) == ["d"]
    assert order.followers("a", after) == {"b", "c", "d"}
    assert order.followers("d", after) == set()


_NUMBER = st.integers(0, 11)


@given(st.integers(1, 12), st.sets(st.tuples(_NUMBER, _NUMBER)), st.randoms())
def test_any_plan_without_a_circle_comes_to_its_end(count: int, pairs: set[tuple[int, int]], chance: Random) -> None:
    after = {task: [other for waiting, other in pairs if waiting == task and other < task] for task in range(count)}
    assert order.circle(after) == []
    states = dict.fromkeys(range(count), "waiting")
    for _ in range(count):
        ready = order.ready(states, after)
        assert ready, "something can always be done next"
        states[chance.choice(ready)] = chance.choice(["done", "skipped"])
    assert order.is_finished(states.values())
