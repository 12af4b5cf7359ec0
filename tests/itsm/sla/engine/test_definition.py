"""Which policy applies and why, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from msp.itsm.sla.engine.definition import (
    CalendarVersion,
    Conditions,
    Definitions,
    Policy,
    PriorityMatrix,
    Subject,
    Threshold,
    choose,
    clashes,
)
from msp.itsm.sla.engine.errors import BadDefinition
from tests.itsm.sla.engine.week import OFFICE, POLICY

NOW = datetime(2027, 3, 8, tzinfo=UTC)
APRIL = datetime(2027, 4, 1, tzinfo=UTC)
MAY = datetime(2027, 5, 1, tzinfo=UTC)


def policy(name: str, version: int = 1, effective_at: datetime | None = None, **fixed: str) -> Policy:
    return replace(
        POLICY,
        id=f"{name}-{version}",
        policy_id=name,
        name=name,
        version=version,
        effective_at=effective_at,
        conditions=Conditions(**fixed),
    )


DEFAULT = policy("default")
MAIL_INCIDENT = Subject(service="mail", ci_class="server", kind="incident", channel="phone", priority="P1")


class TestChoice:
    @pytest.mark.parametrize(
        ("winner", "loser"),
        [
            ({"service": "mail"}, {"ci_class": "server", "kind": "incident", "channel": "phone"}),
            ({"ci_class": "server"}, {"kind": "incident", "channel": "phone"}),
            ({"kind": "incident"}, {"channel": "phone"}),
            ({"service": "mail", "channel": "phone"}, {"service": "mail"}),
            ({"channel": "phone"}, {}),
        ],
    )
    def test_fixed_beats_free_service_first(self, winner: dict[str, str], loser: dict[str, str]) -> None:
        first = replace(DEFAULT, policy_id="a", name="a", conditions=Conditions(**winner))
        second = replace(DEFAULT, policy_id="b", name="b", conditions=Conditions(**loser))
        for given in ([first, second], [second, first]):
            choice = choose(given, MAIL_INCIDENT, NOW)
            assert choice.policy is not None
            assert choice.policy.name == "a"
            assert [passed.name for passed in choice.passed_over] == ["b"]

    def test_a_policy_that_fixes_something_else_does_not_match(self) -> None:
        choice = choose([DEFAULT, policy("other", service="print")], MAIL_INCIDENT, NOW)
        assert choice.policy == DEFAULT
        assert choice.because == ("it is the default",)

    def test_the_reason_names_what_is_fixed(self) -> None:
        choice = choose([DEFAULT, policy("a", service="mail", kind="incident")], MAIL_INCIDENT, NOW)
        assert choice.because == ("service is mail", "kind is incident")

    def test_nothing_matches_an_unknown_subject_but_the_default(self) -> None:
        assert choose([DEFAULT, policy("a", kind="incident")], Subject(), NOW).policy == DEFAULT
        assert choose([policy("a", kind="incident")], Subject(), NOW).policy is None

    def test_the_version_in_force_is_chosen(self) -> None:
        versions = [policy("gold", 1), policy("gold", 2, APRIL), policy("gold", 3, MAY)]
        chosen = [choose(versions, MAIL_INCIDENT, at).policy for at in (NOW, APRIL, MAY)]
        assert [found and found.version for found in chosen] == [1, 2, 3]

    def test_a_policy_that_has_ended_or_not_begun_is_out(self) -> None:
        ended = replace(policy("ended", service="mail"), ends_at=NOW)
        assert choose([DEFAULT, ended, policy("later", 1, APRIL, service="mail")], MAIL_INCIDENT, NOW).policy == DEFAULT


class TestClashes:
    def test_the_same_conditions_in_one_period_are_refused(self) -> None:
        other = policy("b", service="mail")
        assert clashes(policy("a", service="mail"), [DEFAULT, other]) == [other]

    def test_versions_of_one_policy_follow_each_other(self) -> None:
        assert clashes(policy("a", 2, APRIL), [policy("a", 1)]) == []

    def test_different_values_or_different_tuples_do_not_clash(self) -> None:
        assert clashes(policy("a", service="mail"), [policy("b", service="print"), policy("c", kind="incident")]) == []

    def test_periods_that_only_touch_do_not_clash(self) -> None:
        ended = replace(policy("b"), ends_at=APRIL)
        assert clashes(policy("a", 1, APRIL), [ended]) == []
        assert clashes(policy("a"), [ended]) == [ended]

    def test_an_end_before_the_next_version_counts(self) -> None:
        ended = replace(policy("b"), ends_at=APRIL)
        assert clashes(policy("a", 1, APRIL), [ended, policy("b", 2, MAY)]) == [policy("b", 2, MAY)]
        assert clashes(replace(policy("a", 1, APRIL), ends_at=MAY), [ended, policy("b", 2, MAY)]) == []


class TestTargets:
    def test_a_row_is_named_by_its_line(self) -> None:
        assert POLICY.line("P3") == 3
        assert POLICY.line("P4") is None

    def test_no_row_or_no_cell_is_no_target(self) -> None:
        assert POLICY.target("P5", "response") is None
        assert POLICY.target("P9", "response") is None
        assert POLICY.target(None, "response") is None

    @pytest.mark.parametrize(
        ("threshold", "seconds"),
        [
            (Threshold("75 %", percent=75), 2700),
            (Threshold("33.3 %", percent=33.3), 1199),
            (Threshold("before", offset_seconds=-1800), 1800),
            (Threshold("long before", offset_seconds=-7200), 0),
            (Threshold("after", offset_seconds=600), 4200),
        ],
    )
    def test_a_threshold_is_a_share_of_working_time(self, threshold: Threshold, seconds: int) -> None:
        assert threshold.seconds(3600) == seconds
        assert not threshold.is_breach

    def test_the_breach_is_no_share(self) -> None:
        assert Threshold("breach").is_breach


class TestCalendarVersions:
    VERSIONS = tuple(
        CalendarVersion(f"v{number}", "hours", "Hours", number, OFFICE, effective_at)
        for number, effective_at in ((2, MAY), (1, APRIL))
    )

    def test_the_version_in_force_or_the_first(self) -> None:
        known = Definitions((), self.VERSIONS)
        assert [known.calendar("hours", at).label for at in (NOW, APRIL, MAY)] == ["Hours v1", "Hours v1", "Hours v2"]

    def test_an_unknown_calendar_is_an_error(self) -> None:
        with pytest.raises(BadDefinition, match="not there: other"):
            Definitions((), self.VERSIONS).calendar("other", NOW)


class TestPriorityMatrix:
    CELLS = {("high", "high"): "P1", ("high", "low"): "P2", ("low", "high"): "P2", ("low", "low"): "P3"}

    def test_impact_and_urgency_give_the_priority(self) -> None:
        matrix = PriorityMatrix("m-1", "Matrix", 1, self.CELLS)
        assert matrix.priority("low", "high") == "P2"
        with pytest.raises(BadDefinition, match="no impact huge"):
            matrix.priority("huge", "high")

    def test_a_missing_cell_is_refused(self) -> None:
        cells = {pair: priority for pair, priority in self.CELLS.items() if pair != ("low", "low")}
        with pytest.raises(BadDefinition, match="no cell"):
            PriorityMatrix("m-1", "Matrix", 1, cells)
        with pytest.raises(BadDefinition, match="no cell"):
            PriorityMatrix("m-1", "Matrix", 1, {})
