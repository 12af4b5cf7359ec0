"""Weeks, absences and rotas: who may keep them, and who is on call when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from msp.core.errors import Forbidden, Invalid, NotFound
from tenants.availability import queries, services
from tenants.services import people
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
WEEK = {"mon": [["09:00", "12:30"], ["13:15", "17:00"]], "fri": [["22:00", "06:00"]]}


@pytest.fixture
def agents(console_app: Any) -> list[Any]:
    return [world.agent(console_app)[1] for _ in range(3)]


@pytest.fixture
def team(console_app: Any) -> Any:
    with world.as_staff(console_app) as by:
        return people.add_team(world.unique("Team "), by=by)


def test_an_agent_keeps_his_own_time_and_nobody_elses(console_app: Any, agents: list[Any]) -> None:
    ada, ben, _ = agents
    _, lead = world.agent(console_app, "lead")
    with world.acting(console_app, ada):
        services.set_week(ada.id, WEEK, time_zone="Europe/Berlin", by=ada)
        away = services.add_absence(ada.id, MONDAY, MONDAY + timedelta(days=2), by=ada)
    for act in (
        lambda: services.set_week(ada.id, None, time_zone="UTC", by=ben),
        lambda: services.add_absence(ada.id, MONDAY, MONDAY + timedelta(days=1), by=ben),
        lambda: services.set_available_until(ada.id, MONDAY, by=ben),
        lambda: services.remove_absence(away.id, by=ben),
    ):
        with pytest.raises(Forbidden), world.acting(console_app, ben):
            act()
    with world.acting(console_app, lead):
        services.set_available_until(ada.id, MONDAY, by=lead)
        found = queries.duties([ada.id, ben.id], since=MONDAY)
        assert found[ada.id] == queries.Duty("Europe/Berlin", WEEK, MONDAY, [(MONDAY, MONDAY + timedelta(days=2))])
        assert found[ben.id] == queries.Duty(), "who said nothing is always there"
        services.remove_absence(away.id, by=lead)
        assert queries.duties([ada.id], since=MONDAY)[ada.id].absences == []
        assert queries.absences(ada.id, since=MONDAY) == []
        with pytest.raises(NotFound):
            services.remove_absence(away.id, by=lead)


def test_hours_that_mean_nothing_are_refused_in_words(console_app: Any, agents: list[Any]) -> None:
    ada = agents[0]
    for hours, zone, pointers in (
        ({"someday": []}, "UTC", ["/hours/someday"]),
        ({"mon": [["9:00", "17:00"]]}, "UTC", ["/hours/mon"]),
        ({"mon": [["09:00"]]}, "UTC", ["/hours/mon"]),
        ({"mon": [["09:00", "09:00"]]}, "UTC", ["/hours/mon"]),
        ({}, "Mars/Olympus", ["/time_zone"]),
    ):
        with pytest.raises(Invalid) as refused, world.acting(console_app, ada):
            services.set_week(ada.id, hours, time_zone=zone, by=ada)
        assert [error.pointer for error in refused.value.errors] == pointers
    with pytest.raises(Invalid), world.acting(console_app, ada):
        services.add_absence(ada.id, MONDAY, MONDAY, by=ada)


def test_agents_take_turns_and_hand_over_at_the_same_hour_all_year(
    console_app: Any, agents: list[Any], team: Any
) -> None:
    ids = [agent.id for agent in agents]
    with world.as_staff(console_app) as by:
        services.set_rota(team.id, ids, starts_on=date(2027, 3, 1), time_zone="Europe/Berlin", by=by)
        turns = queries.turns([team.id], since=MONDAY)[team.id]
    hand_over = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)  # 09:00 in Berlin
    assert turns.agent_at(hand_over - timedelta(seconds=1)) is None
    assert [turns.agent_at(hand_over + timedelta(days=7 * week)) for week in range(4)] == [*ids, ids[0]]
    assert turns.agent_at(hand_over + timedelta(days=7) - timedelta(seconds=1)) == ids[0]
    summer = datetime(2027, 3, 29, 7, 0, tzinfo=UTC)  # 09:00 again, the clocks went forward the day before
    assert (turns.agent_at(summer - timedelta(seconds=1)), turns.agent_at(summer)) == (ids[0], ids[1])


def test_a_swap_beats_the_turn_as_long_as_it_lasts(console_app: Any, agents: list[Any], team: Any) -> None:
    first, second, _ = agents
    noon = MONDAY + timedelta(hours=3)
    with world.as_staff(console_app) as by:
        services.set_rota(team.id, [first.id], starts_on=date(2027, 3, 1), time_zone="UTC", by=by)
        swap = services.add_swap(team.id, second.id, MONDAY, noon, by=by)
        turns = queries.turns([team.id], since=MONDAY)[team.id]
        assert [turns.agent_at(at) for at in (MONDAY, noon)] == [second.id, first.id]
        assert turns.everybody == {first.id, second.id}
        assert [row.id for row in queries.swaps(team.id, since=MONDAY)] == [swap.id]
        services.remove_swap(swap.id, by=by)
        assert queries.turns([team.id], since=MONDAY)[team.id].agent_at(MONDAY) == first.id


def test_only_whoever_manages_teams_sets_a_rota(console_app: Any, agents: list[Any], team: Any) -> None:
    ada = agents[0]
    with pytest.raises(Forbidden), world.acting(console_app, ada):
        services.set_rota(team.id, [ada.id], starts_on=date(2027, 3, 1), time_zone="UTC", by=ada)
    with pytest.raises(Invalid) as refused, world.as_staff(console_app) as by:
        services.set_rota(
            team.id, [team.id], starts_on=date(2027, 3, 1), time_zone="x", by=by, hand_over="25:00", period_days=0
        )
    assert [error.pointer for error in refused.value.errors] == [
        "/time_zone",
        "/agent_ids",
        "/hand_over",
        "/period_days",
    ]
