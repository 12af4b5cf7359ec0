"""The clocks of our words to the client: the first reply and the updates."""

import pytest

from msp.itsm.sla.engine.facts import Fact
from tests.itsm.sla.engine.week import (
    AGENT,
    CLIENT,
    HOUR,
    LEAD,
    RULE,
    SUPPLIER,
    at,
    current,
    definitions,
    fact,
    opened,
    read,
    waiting,
)


class TestResponse:
    def test_it_runs_from_the_opening(self) -> None:
        cycle = current("response", opened("Mon 09:00"), now="Mon 09:30")
        assert (cycle.state, cycle.due_at, cycle.elapsed_seconds) == ("on_track", at("Mon 10:00"), HOUR // 2)
        assert cycle.started_by == "Amelia Hart"

    @pytest.mark.parametrize(
        "answer",
        [fact("replied", "Mon 09:40"), fact("acknowledged", "Mon 09:40"), fact("replied", "Mon 09:40", LEAD)],
    )
    def test_our_public_reply_or_an_acknowledgement_stops_it(self, answer: Fact) -> None:
        cycle = current("response", opened("Mon 09:00"), answer, now="Tue 09:00")
        assert (cycle.state, cycle.outcome, cycle.outcome_at) == ("met", "met", at("Mon 09:40"))
        assert cycle.stopped_by == answer.actor.name

    @pytest.mark.parametrize("actor", [CLIENT, RULE, SUPPLIER])
    def test_nobody_elses_reply_does(self, actor: object) -> None:
        reply = fact("replied", "Mon 09:10", actor)  # type: ignore[arg-type]  # each of them is an Actor
        assert current("response", opened("Mon 09:00"), reply, now="Mon 09:30").state == "on_track"

    def test_a_change_of_state_or_team_does_not(self) -> None:
        moved = [waiting("Mon 09:10"), fact("resumed", "Mon 09:20"), fact("assigned", "Mon 09:21", team="Network")]
        assert current("response", opened("Mon 09:00"), *moved, now="Mon 09:30").stopped_at is None

    def test_a_later_reply_changes_nothing(self) -> None:
        replies = [fact("replied", "Mon 09:40"), fact("replied", "Mon 16:00")]
        assert current("response", opened("Mon 09:00"), *replies, now="Tue 09:00").stopped_at == at("Mon 09:40")

    @pytest.mark.parametrize("channel", ["phone", "in_person"])
    def test_what_an_agent_opens_in_conversation_is_answered_at_opening(self, channel: str) -> None:
        cycle = current("response", opened("Mon 09:00", AGENT, channel=channel), now="Mon 12:00")
        assert (cycle.state, cycle.stopped_at, cycle.elapsed_seconds) == ("met", at("Mon 09:00"), 0)

    def test_unless_the_policy_says_no(self) -> None:
        strict = definitions(phone_counts_as_answer=False)
        cycle = current("response", opened("Mon 09:00", AGENT, channel="phone"), now="Mon 09:30", given=strict)
        assert cycle.state == "on_track"

    @pytest.mark.parametrize(("by", "channel"), [(AGENT, "mail"), (CLIENT, "phone")])
    def test_other_openings_are_not_an_answer(self, by: object, channel: str) -> None:
        ticket = opened("Mon 09:00", by, channel=channel)  # type: ignore[arg-type]  # each of them is an Actor
        assert current("response", ticket, now="Mon 09:30").stopped_at is None

    def test_waiting_for_the_client_does_not_pause_it(self) -> None:
        cycle = current("response", opened("Mon 09:00"), waiting("Mon 09:10"), now="Mon 09:30")
        assert (cycle.state, cycle.due_at) == ("on_track", at("Mon 10:00"))

    def test_unless_the_policy_says_so(self) -> None:
        lenient = definitions(pauses_response=True)
        cycle = current("response", opened("Mon 09:00"), waiting("Mon 09:10"), now="Mon 09:30", given=lenient)
        assert (cycle.state, cycle.due_at, cycle.remaining_seconds) == ("paused", None, 50 * 60)

    def test_late_is_missed_and_dates_from_the_breach(self) -> None:
        cycle = current("response", opened("Mon 09:00"), fact("replied", "Mon 11:00"), now="Tue 09:00")
        assert (cycle.state, cycle.outcome, cycle.outcome_at) == ("missed", "breached", at("Mon 10:00"))

    def test_exactly_on_the_due_instant_is_met(self) -> None:
        assert current("response", opened("Mon 09:00"), fact("replied", "Mon 10:00"), now="Tue 09:00").state == "met"
        assert (
            current("response", opened("Mon 09:00"), fact("replied", "Mon 10:00:01"), now="Tue 09:00").state == "missed"
        )

    def test_after_closing_time_no_working_second_has_passed(self) -> None:
        cycle = current("response", opened("Mon 16:00"), fact("replied", "Mon 20:00"), now="Tue 12:00")
        assert (cycle.state, cycle.due_at) == ("met", at("Mon 17:00"))

    def test_resolved_without_a_word_it_ends_without_an_outcome(self) -> None:
        cycle = current("response", opened("Mon 09:00"), fact("resolved", "Mon 09:30"), now="Tue 09:00")
        assert (cycle.state, cycle.outcome) == ("stopped", None)

    def test_but_a_breach_that_has_happened_stays(self) -> None:
        cycle = current("response", opened("Mon 09:00"), fact("resolved", "Mon 11:00"), now="Tue 09:00")
        assert (cycle.state, cycle.outcome_at) == ("missed", at("Mon 10:00"))

    def test_reopened_it_goes_on_if_nobody_had_answered(self) -> None:
        facts = [opened("Mon 09:00"), fact("resolved", "Mon 09:30"), fact("reopened", "Tue 09:00", CLIENT)]
        assert current("response", *facts, now="Tue 09:10").due_at == at("Tue 09:30")
        answered = [opened("Mon 09:00"), fact("replied", "Mon 09:20"), *facts[1:]]
        assert current("response", *answered, now="Tue 09:10").state == "met"


class TestUpdate:
    """Priority P2 promises an update every two hours."""

    def test_each_of_our_replies_ends_a_cycle_and_begins_the_next(self) -> None:
        reading = read("update", opened(), fact("replied", "Mon 10:00"), fact("replied", "Mon 13:00"), now="Mon 14:00")
        assert [(cycle.number, cycle.state, cycle.due_at) for cycle in reading.cycles] == [
            (1, "met", at("Mon 11:00")),
            (2, "missed", at("Mon 12:00")),
            (3, "on_track", at("Mon 15:00")),
        ]
        assert reading.due_at == at("Mon 15:00")

    def test_others_replies_do_not(self) -> None:
        reading = read("update", opened(), fact("replied", "Mon 10:00", CLIENT), now="Mon 10:30")
        assert [cycle.due_at for cycle in reading.cycles] == [at("Mon 11:00")]

    def test_waiting_for_the_client_ends_it_without_an_outcome_until_it_comes_back(self) -> None:
        facts = [opened(), fact("replied", "Mon 10:00"), waiting("Mon 10:00"), fact("resumed", "Tue 09:00", CLIENT)]
        assert [cycle.outcome for cycle in read("update", *facts[:3], now="Mon 16:00").cycles] == ["met", None]
        reading = read("update", *facts, now="Tue 09:30")
        assert [cycle.state for cycle in reading.cycles] == ["met", "stopped", "on_track"]
        assert reading.due_at == at("Tue 11:00")

    def test_a_reply_while_waiting_for_the_client_starts_nothing(self) -> None:
        reading = read("update", opened(), waiting("Mon 10:00"), fact("replied", "Mon 11:00"), now="Mon 16:00")
        assert [cycle.state for cycle in reading.cycles] == ["stopped"]

    def test_waiting_for_somebody_else_is_back_with_us(self) -> None:
        facts = [opened(), waiting("Mon 10:00"), waiting("Mon 11:00", "waiting_for_supplier")]
        reading = read("update", *facts, now="Mon 12:00")
        assert [(cycle.state, cycle.due_at) for cycle in reading.cycles][1:] == [("on_track", at("Mon 13:00"))]

    def test_a_second_reason_to_wait_changes_nothing(self) -> None:
        facts = [opened(), waiting("Mon 10:00"), waiting("Mon 11:00", reason="Asked again")]
        assert len(read("update", *facts, now="Mon 12:00").cycles) == 1

    def test_it_never_pauses(self) -> None:
        cycle = current("update", opened(), waiting("Mon 09:30", "scheduled"), now="Mon 10:00")
        assert (cycle.state, cycle.due_at) == ("on_track", at("Mon 11:00"))

    @pytest.mark.parametrize("kind", ["resolved", "cancelled"])
    def test_resolved_or_cancelled_it_ends_without_an_outcome(self, kind: str) -> None:
        assert current("update", opened(), fact(kind, "Mon 10:00"), now="Tue 10:00").outcome is None

    def test_reopened_a_cycle_starts(self) -> None:
        facts = [opened(), fact("resolved", "Mon 10:00"), fact("reopened", "Tue 10:00", CLIENT)]
        reading = read("update", *facts, now="Tue 10:30")
        assert [cycle.due_at for cycle in reading.cycles] == [at("Mon 11:00"), at("Tue 12:00")]

    def test_a_breach_before_the_wait_stays(self) -> None:
        cycle = current("update", opened(), waiting("Mon 15:00"), now="Mon 16:00")
        assert (cycle.state, cycle.outcome_at) == ("missed", at("Mon 11:00"))
