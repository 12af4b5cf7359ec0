"""Between teams and towards suppliers: the same engine under rules of its own."""

from tests.itsm.sla.engine.week import HOUR, at, current, definitions, fact, opened, read, waiting


class TestOtherParties:
    def test_an_ola_runs_from_the_assignment_of_a_team(self) -> None:
        reading = read("ola", opened(), fact("assigned", "Mon 10:00", team="Network"), now="Mon 11:00")
        assert [(cycle.started_at, cycle.due_at) for cycle in reading.cycles] == [(at("Mon 10:00"), at("Mon 14:00"))]
        assert read("ola", opened(), now="Mon 11:00").cycles == ()

    def test_within_the_team_nothing_changes(self) -> None:
        facts = [opened(), fact("assigned", "Mon 10:00", team="Network"), fact("assigned", "Mon 11:00", agent="Daniel")]
        assert len(read("ola", *facts, now="Mon 12:00").cycles) == 1

    def test_each_team_has_a_cycle_of_its_own(self) -> None:
        facts = [
            opened(),
            fact("assigned", "Mon 10:00", team="Network"),
            fact("assigned", "Mon 12:00", team="Clinical"),
        ]
        reading = read("ola", *facts, fact("resolved", "Mon 13:00"), now="Mon 14:00")
        assert [(cycle.outcome, cycle.elapsed_seconds // HOUR) for cycle in reading.cycles] == [(None, 2), ("met", 1)]

    def test_underpinning_runs_from_the_hand_over_until_it_comes_back(self) -> None:
        facts = [
            opened(),
            fact("handed_over", "Mon 10:00", supplier="Imaging Ltd"),
            waiting("Mon 10:00", "waiting_for_supplier"),
            fact("resumed", "Mon 12:00"),
        ]
        assert current("underpinning", *facts[:3], now="Mon 11:00").state == "on_track"
        cycle = current("underpinning", *facts, now="Mon 13:00")
        assert (cycle.state, cycle.started_at, cycle.stopped_at) == ("met", at("Mon 10:00"), at("Mon 12:00"))

    def test_waiting_for_the_supplier_never_pauses_his_own_clock(self) -> None:
        given = definitions(pause_states=frozenset({"waiting_for_supplier", "waiting_for_client"}))
        facts = [opened(), fact("handed_over", "Mon 10:00", supplier="A"), waiting("Mon 10:00", "waiting_for_supplier")]
        assert current("underpinning", *facts, now="Mon 11:00", given=given).state == "on_track"
        asked = [*facts, waiting("Mon 11:00")]
        assert current("underpinning", *asked, now="Mon 12:00", given=given).state == "paused"

    def test_a_second_hand_over_is_a_second_cycle(self) -> None:
        facts = [opened(), fact("handed_over", "Mon 10:00", supplier="A")]
        again = fact("handed_over", "Mon 15:00", supplier="A")
        assert len(read("underpinning", *facts, again, now="Mon 16:00").cycles) == 1
        assert len(read("underpinning", *facts, fact("resumed", "Mon 12:00"), again, now="Mon 16:00").cycles) == 2
        other = fact("handed_over", "Mon 15:00", supplier="B")
        assert len(read("underpinning", *facts, other, now="Mon 16:00").cycles) == 2
