"""The clock of the fix: pauses, reopening, exemption, changes of the promise, thresholds."""

from dataclasses import replace

import pytest

from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.definition import Definitions
from msp.itsm.sla.engine.errors import NeverOpen
from msp.itsm.sla.engine.reading import Exemption
from tests.itsm.sla.engine.week import (
    AGENT,
    CLIENT,
    HOUR,
    HOURS,
    LEAD,
    POLICY,
    ROUND_THE_CLOCK,
    at,
    conditions,
    current,
    definitions,
    fact,
    opened,
    read,
    targets,
    waiting,
)


class TestStates:
    """Priority P2 promises a fix in eight working hours."""

    @pytest.mark.parametrize(
        ("now", "state", "percent"),
        [
            ("Mon 10:00", "on_track", 12.5),
            ("Mon 14:59:59", "on_track", 74.99),
            ("Mon 15:00", "at_risk", 75.0),
            ("Mon 17:00", "at_risk", 100.0),
            ("Tue 09:00", "at_risk", 100.0),
            ("Tue 09:00:01", "breached", 100.0),
            ("Tue 13:00", "breached", 150.0),
        ],
    )
    def test_running(self, now: str, state: str, percent: float) -> None:
        cycle = current("resolution", opened(), now=now)
        assert (cycle.state, cycle.percent) == (state, percent)
        assert cycle.breached_at == (at("Tue 09:00") if state == "breached" else None)
        assert cycle.breaches_at == at("Tue 09:00")

    def test_a_breach_is_an_outcome_while_the_clock_still_runs(self) -> None:
        cycle = current("resolution", opened(), now="Tue 13:00")
        assert (cycle.outcome, cycle.outcome_at, cycle.remaining_seconds) == ("breached", at("Tue 09:00"), -4 * HOUR)

    def test_before_the_start_nothing_is_used(self) -> None:
        cycle = current("resolution", opened("Tue 09:00"), now="Mon 09:00")
        assert (cycle.state, cycle.elapsed_seconds, cycle.due_at) == ("on_track", 0, at("Tue 17:00"))

    def test_nothing_promised(self) -> None:
        cycle = current("resolution", opened(priority="P5"), now="Tue 13:00")
        assert (cycle.state, cycle.due_at, cycle.outcome, cycle.percent) == ("none", None, None, None)
        assert read("resolution", now="Tue 13:00").state == "none"
        assert read("resolution", now="Tue 13:00").current is None

    def test_a_calendar_that_never_provides_the_target_is_an_error(self) -> None:
        never = replace(HOURS, calendar=Calendar("Europe/London"))
        with pytest.raises(NeverOpen):
            read("resolution", opened(), now="Tue 13:00", given=Definitions((POLICY,), (never,)))


class TestPauses:
    def test_only_the_states_of_the_policy_pause(self) -> None:
        for state, due in (
            ("waiting_for_client", None),
            ("scheduled", None),
            ("waiting_for_supplier", at("Mon 17:00")),
        ):
            assert current("resolution", opened(), waiting("Mon 10:00", state), now="Mon 11:00").due_at == due

    def test_paused_it_says_what_remains(self) -> None:
        cycle = current("resolution", opened(), waiting("Mon 12:00", reason="Which room?"), now="Mon 16:00")
        assert (cycle.state, cycle.due_at, cycle.remaining_seconds) == ("paused", None, 5 * HOUR)
        assert [(pause.author, pause.reason, pause.to_at) for pause in cycle.pauses] == [
            ("Priya Nair", "Which room?", None)
        ]

    def test_resumed_it_moves_by_the_working_time_given_back(self) -> None:
        facts = [opened(), waiting("Mon 16:00"), fact("resumed", "Tue 10:00", CLIENT)]
        cycle = current("resolution", *facts, now="Tue 10:30")
        assert cycle.due_at == at("Tue 11:00")
        (move,) = cycle.moves
        assert (move.kind, move.at, move.from_due_at, move.to_due_at) == (
            "pause",
            at("Tue 10:00"),
            at("Mon 17:00"),
            at("Tue 11:00"),
        )

    def test_a_wait_that_ends_in_another_that_does_not_pause(self) -> None:
        facts = [opened(), waiting("Mon 10:00"), waiting("Mon 11:00", "waiting_for_supplier")]
        assert current("resolution", *facts, now="Mon 12:00").due_at == at("Tue 10:00")

    def test_after_the_target_is_used_up_a_pause_hides_nothing(self) -> None:
        cycle = current("resolution", opened(), waiting("Mon 18:00"), now="Tue 12:00")
        assert (cycle.state, cycle.due_at, cycle.breached_at) == ("paused", at("Mon 17:00"), None)

    def test_a_pause_that_begins_at_the_due_instant_moves_only_the_breach(self) -> None:
        paused = [opened(), waiting("Mon 17:00")]
        cycle = current("resolution", *paused, now="Tue 12:00")
        assert (cycle.state, cycle.due_at, cycle.breaches_at) == ("paused", at("Mon 17:00"), None)
        resumed = current("resolution", *paused, fact("resumed", "Tue 11:00"), now="Tue 12:00")
        assert (resumed.due_at, resumed.breached_at, resumed.moves) == (at("Mon 17:00"), at("Tue 11:00"), ())

    def test_segments_are_the_cycle_cut_at_its_pauses(self) -> None:
        facts = [opened(), waiting("Mon 10:00"), fact("resumed", "Mon 12:00"), waiting("Tue 10:00")]
        segments = current("resolution", *facts, now="Tue 11:00").segments
        assert [(each.kind, each.from_at, each.to_at, each.seconds / HOUR) for each in segments] == [
            ("running", at("Mon 09:00"), at("Mon 10:00"), 1),
            ("paused", at("Mon 10:00"), at("Mon 12:00"), 2),
            ("running", at("Mon 12:00"), at("Tue 10:00"), 6),
            ("paused", at("Tue 10:00"), None, 1),
        ]

    def test_facts_of_one_instant_count_in_their_order(self) -> None:
        facts = [opened(), waiting("Mon 10:00"), fact("resumed", "Mon 10:00")]
        assert current("resolution", *facts, now="Mon 12:00").segments[-1].kind == "running"
        assert current("resolution", facts[0], facts[2], facts[1], now="Mon 12:00").segments[-1].kind == "paused"


class TestEnds:
    def test_resolved_in_time(self) -> None:
        cycle = current("resolution", opened(), fact("resolved", "Mon 17:00"), now="Fri 12:00")
        assert (cycle.state, cycle.outcome_at, cycle.elapsed_seconds) == ("met", at("Mon 17:00"), 8 * HOUR)

    def test_resolved_while_waiting_the_pause_ends_with_the_clock(self) -> None:
        cycle = current("resolution", opened(), waiting("Mon 10:00"), fact("resolved", "Wed 10:00"), now="Fri 12:00")
        assert (cycle.state, cycle.elapsed_seconds) == ("met", HOUR)
        assert [segment.to_at for segment in cycle.segments] == [at("Mon 10:00"), at("Wed 10:00")]

    @pytest.mark.parametrize("kind", ["cancelled", "merged"])
    @pytest.mark.parametrize("when", ["Mon 10:00", "Wed 10:00"])
    def test_cancelled_and_merged_have_no_outcome(self, kind: str, when: str) -> None:
        cycle = current("resolution", opened(), fact(kind, when), now="Fri 12:00")
        assert (cycle.state, cycle.outcome, cycle.breached_at, cycle.stopped_at) == ("stopped", None, None, at(when))

    def test_closing_a_resolved_ticket_changes_nothing(self) -> None:
        facts = [opened(), fact("resolved", "Mon 10:00"), fact("closed", "Thu 10:00")]
        assert current("resolution", *facts, now="Fri 12:00").stopped_at == at("Mon 10:00")

    def test_exempted_there_is_no_outcome_any_more(self) -> None:
        late = [opened(), fact("resolved", "Wed 10:00"), fact("exempted", "Thu 10:00", LEAD)]
        cycle = current("resolution", *late, now="Fri 12:00")
        assert (cycle.state, cycle.outcome, cycle.is_exempted) == ("stopped", None, True)
        running = current("resolution", opened(), fact("exempted", "Mon 10:00", LEAD), now="Fri 12:00")
        assert (running.state, running.stopped_at) == ("stopped", at("Mon 10:00"))

    def test_exempted_nothing_that_comes_later_counts(self) -> None:
        facts = [opened(), fact("exempted", "Mon 10:00", LEAD, reason="Agreed"), fact("resolved", "Tue 10:00")]
        facts.append(fact("reopened", "Wed 10:00"))
        cycle = current("resolution", *facts, now="Fri 12:00")
        assert (cycle.number, cycle.state, cycle.outcome, cycle.stopped_at) == (1, "stopped", None, at("Mon 10:00"))
        assert cycle.exemption == Exemption(at("Mon 10:00"), LEAD.name, "Agreed")
        assert [threshold.at for threshold in cycle.thresholds] == [None] * len(cycle.thresholds)

    def test_an_exemption_may_mean_one_clock(self) -> None:
        facts = [opened(), fact("exempted", "Mon 16:00", LEAD, clock="response")]
        assert current("response", *facts, now="Fri 12:00").outcome is None
        assert current("resolution", *facts, now="Fri 12:00").outcome == "breached"


class TestReopening:
    FACTS = (opened(), fact("resolved", "Mon 13:00"), fact("reopened", "Wed 09:00", CLIENT))

    def test_continued_the_time_between_is_a_pause(self) -> None:
        cycle = current("resolution", *self.FACTS, now="Wed 10:00")
        assert (cycle.number, cycle.due_at, cycle.elapsed_seconds) == (1, at("Wed 13:00"), 5 * HOUR)
        assert [(pause.state, pause.from_at, pause.to_at) for pause in cycle.pauses] == [
            ("resolved", at("Mon 13:00"), at("Wed 09:00"))
        ]
        assert (cycle.state, cycle.outcome, cycle.stopped_at) == ("on_track", None, None)

    def test_reopened_it_no_longer_waits(self) -> None:
        facts = [opened(), waiting("Mon 12:00"), *self.FACTS[1:]]
        cycle = current("resolution", *facts, now="Wed 10:00")
        assert (cycle.state, cycle.due_at, [pause.state for pause in cycle.pauses]) == (
            "on_track",
            at("Wed 14:00"),
            ["waiting_for_client", "resolved"],
        )

    def test_continued_a_breach_stays_where_it_was(self) -> None:
        late = [opened(), fact("resolved", "Tue 13:00"), fact("reopened", "Wed 09:00", CLIENT)]
        assert current("resolution", *late, now="Wed 10:00").breached_at == at("Tue 09:00")

    def test_a_new_cycle_starts_from_nothing_and_the_first_keeps_its_outcome(self) -> None:
        anew = definitions(reopening="new_cycle")
        cycles = read("resolution", *self.FACTS, now="Wed 10:00", given=anew).cycles
        assert [(cycle.number, cycle.outcome, cycle.due_at) for cycle in cycles] == [
            (1, "met", at("Mon 17:00")),
            (2, None, at("Wed 17:00")),
        ]

    def test_a_merge_or_cancellation_taken_back_is_a_pause_too(self) -> None:
        for kind in ("cancelled", "merged"):
            cycle = current("resolution", opened(), fact(kind, "Mon 13:00"), self.FACTS[2], now="Wed 10:00")
            assert cycle.due_at == at("Wed 13:00")

    def test_reopening_what_runs_changes_nothing(self) -> None:
        assert current("resolution", opened(), fact("reopened", "Mon 10:00"), now="Mon 12:00").pauses == ()


class TestChangedPromise:
    """What changes recomputes from the original facts, never from the last due instant."""

    def test_the_new_target_counts_from_the_start(self) -> None:
        facts = [opened(), fact("reclassified", "Mon 11:00", LEAD, priority="P1")]
        cycle = current("resolution", *facts, now="Mon 12:00")
        assert (cycle.due_at, cycle.elapsed_seconds, cycle.priority) == (at("Mon 13:00"), 3 * HOUR, "P1")
        (move,) = cycle.moves
        assert (move.kind, move.why, move.author) == ("change", "priority P2 to P1", "Maya Lindqvist")
        assert (move.from_due_at, move.to_due_at) == (at("Mon 17:00"), at("Mon 13:00"))

    def test_pauses_of_before_are_kept(self) -> None:
        facts = [opened(), waiting("Mon 09:30"), fact("resumed", "Mon 11:30")]
        cycle = current("resolution", *facts, fact("reclassified", "Mon 12:00", priority="P1"), now="Mon 12:30")
        assert cycle.due_at == at("Mon 15:00")
        assert [(move.kind, move.to_due_at) for move in cycle.moves] == [
            ("pause", at("Tue 11:00")),
            ("change", at("Mon 15:00")),
        ]

    def test_raised_when_it_is_used_up_already_it_breaches_then(self) -> None:
        cycle = current("resolution", opened(), fact("reclassified", "Mon 16:00", priority="P1"), now="Mon 16:30")
        assert (cycle.due_at, cycle.breached_at) == (at("Mon 13:00"), at("Mon 16:00"))
        assert cycle.thresholds[-1].at == at("Mon 16:00")
        assert cycle.thresholds[3].at == at("Mon 13:00")  # the step 100 % uses due

    def test_raised_at_night_it_breaches_at_night(self) -> None:
        cycle = current("resolution", opened(), fact("reclassified", "Mon 22:00", priority="P1"), now="Mon 22:30")
        assert cycle.breached_at == at("Mon 22:00")

    def test_a_breach_that_stood_before_the_raise_keeps_its_date(self) -> None:
        facts = [opened(), fact("reclassified", "Tue 16:00", priority="P1")]
        assert current("resolution", *facts, now="Tue 16:30").breached_at == at("Tue 09:00")

    def test_lowered_in_time_the_breach_is_withdrawn(self) -> None:
        facts = [opened(), fact("reclassified", "Tue 10:00", priority="P3")]
        cycle = current("resolution", *facts, now="Tue 10:30")
        assert (cycle.state, cycle.breached_at, cycle.due_at) == ("on_track", None, at("Tue 17:00"))

    def test_lowered_and_raised_again_it_breaches_at_the_raise(self) -> None:
        facts = [
            opened(),
            fact("reclassified", "Tue 10:00", priority="P3"),
            fact("reclassified", "Tue 14:00", priority="P1"),
        ]
        assert current("resolution", *facts, now="Tue 16:30").breached_at == at("Tue 14:00")

    def test_raised_in_time_it_breaches_when_it_is_used_up(self) -> None:
        facts = [opened(), fact("reclassified", "Mon 10:00", priority="P1")]
        assert current("resolution", *facts, now="Tue 16:30").breached_at == at("Mon 13:00")

    def test_raised_exactly_when_it_is_used_up(self) -> None:
        facts = [opened(), fact("reclassified", "Mon 13:00", priority="P1")]
        assert current("resolution", *facts, now="Tue 16:30").breached_at == at("Mon 13:00")

    def test_raised_while_resolved_it_takes_hold_at_the_reopening(self) -> None:
        facts = [opened(), fact("resolved", "Mon 15:00"), fact("reclassified", "Mon 16:00", priority="P1")]
        stopped = current("resolution", *facts, now="Wed 10:00")
        assert (stopped.state, stopped.priority) == ("met", "P2")  # stopped clocks never change
        reopened = current("resolution", *facts, fact("reopened", "Wed 09:00"), now="Wed 10:00")
        assert (reopened.priority, reopened.breached_at) == ("P1", at("Wed 09:00"))

    def test_another_calendar_counts_from_the_start_too(self) -> None:
        always = {kind: replace(target, calendar_id="always") for kind, target in targets(resolution=8).items()}
        policy = replace(POLICY, targets={**POLICY.targets, "P1": always})
        facts = [opened("Mon 16:00"), fact("reclassified", "Mon 16:30", priority="P1")]
        cycle = current("resolution", *facts, now="Mon 17:00", given=definitions(policy))
        assert (cycle.due_at, cycle.calendar) == (at("Tue 00:00"), ROUND_THE_CLOCK)

    def test_another_service_may_mean_another_policy(self) -> None:
        mail = replace(
            POLICY, id="mail-1", policy_id="mail", name="Mail", version=1, conditions=conditions(service="mail")
        )
        mail = replace(mail, targets={"P2": targets(resolution=2)})
        facts = [opened(), fact("reclassified", "Mon 10:00", service="mail")]
        cycle = current("resolution", *facts, now="Mon 10:30", given=definitions(POLICY, mail))
        assert (cycle.due_at, cycle.choice.because) == (at("Mon 11:00"), ("service is mail",))
        assert cycle.moves[0].why == "service none to mail, Gold v4 to Mail v1"

    def test_a_promise_may_begin_and_end_with_a_change(self) -> None:
        facts = [opened(priority="P5"), fact("reclassified", "Mon 12:00", priority="P1")]
        cycle = current("resolution", *facts, now="Mon 12:30")
        assert (cycle.due_at, cycle.moves[0].from_due_at) == (at("Mon 13:00"), None)
        ended = current("resolution", *facts, fact("reclassified", "Mon 13:30", priority="P5"), now="Mon 14:00")
        assert (ended.state, ended.due_at) == ("none", None)

    def test_a_change_that_moves_nothing_is_no_move(self) -> None:
        facts = [opened(), fact("reclassified", "Mon 10:00", ci_class="server")]
        assert current("resolution", *facts, now="Mon 12:00").moves == ()


class TestVersions:
    V5 = replace(
        POLICY,
        id="gold-5",
        version=5,
        effective_at=at("Tue 00:00"),
        targets={"P2": targets(resolution=4), "P1": targets(resolution=2)},
    )

    def test_an_open_ticket_stays_under_the_version_of_its_opening(self) -> None:
        given = definitions(POLICY, self.V5)
        cycle = current(
            "resolution", opened(), fact("reclassified", "Tue 09:30", priority="P1"), now="Tue 10:00", given=given
        )
        assert cycle.policy == POLICY

    def test_a_new_ticket_takes_the_version_in_force(self) -> None:
        cycle = current("resolution", opened("Tue 09:00"), now="Tue 10:00", given=definitions(POLICY, self.V5))
        assert (cycle.policy, cycle.due_at) == (self.V5, at("Tue 13:00"))

    def test_moved_to_the_version_in_force_it_is_counted_again_from_the_start(self) -> None:
        given = definitions(POLICY, self.V5)
        facts = [opened("Mon 15:00"), fact("redefined", "Tue 09:30", LEAD)]
        cycle = current("resolution", *facts, now="Tue 10:00", given=given)
        assert (cycle.policy, cycle.due_at) == (self.V5, at("Tue 11:00"))
        assert cycle.moves[0].why == "Gold v4 to Gold v5"


class TestThresholds:
    def instants(self, *facts: object, now: str = "Mon 12:00") -> list[object]:
        return [each.at for each in current("resolution", *facts, now=now).thresholds]  # type: ignore[arg-type]

    def test_each_share_of_working_time_has_its_instant(self) -> None:
        assert self.instants(opened()) == [
            at("Mon 13:00"),
            at("Mon 15:00"),
            at("Mon 16:30"),
            at("Mon 17:00"),
            at("Tue 11:00"),
            at("Tue 09:00"),
        ]

    def test_an_open_pause_hides_those_after_it(self) -> None:
        assert self.instants(opened(), waiting("Mon 14:00"), now="Mon 16:00") == [at("Mon 13:00"), *[None] * 5]

    def test_resumed_they_stand_again_later(self) -> None:
        facts = [opened(), waiting("Mon 14:00"), fact("resumed", "Mon 15:00")]
        assert self.instants(*facts, now="Mon 16:00")[:3] == [at("Mon 13:00"), at("Mon 16:00"), at("Tue 09:30")]

    def test_a_stop_makes_the_later_ones_moot(self) -> None:
        assert self.instants(opened(), fact("resolved", "Mon 15:00"), now="Fri 12:00") == [at("Mon 13:00"), *[None] * 5]

    def test_one_before_the_start_is_the_start(self) -> None:
        policy = replace(POLICY, targets={"P2": targets(resolution=0.25)})
        cycle = current("resolution", opened(), now="Mon 09:05", given=definitions(policy))
        assert cycle.thresholds[2].at == at("Mon 09:00")


def test_facts_may_come_in_any_order() -> None:
    facts = [opened(), waiting("Mon 10:00"), fact("resumed", "Mon 12:00", AGENT), fact("resolved", "Mon 16:00")]
    straight = read("resolution", *facts, now="Tue 09:00")
    backwards = read("resolution", *reversed(facts), now="Tue 09:00")
    assert [cycle.segments for cycle in straight.cycles] == [cycle.segments for cycle in backwards.cycles]
    assert straight.state == backwards.state == "met"
