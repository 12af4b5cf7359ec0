"""Approvals through the services: who is asked, who answers, what time and changes do, who is told."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock, events
from msp.core.db import db
from msp.core.errors import Forbidden, Invalid, NotFound, StaleVersion
from msp.core.ids import new_id
from msp.core.notify import queries as notify
from msp.core.paging import Cursors
from msp.itsm.approvals import errors, queries
from msp.itsm.approvals.engine import seating
from msp.itsm.approvals.events import ApprovalDecided, ApprovalVoided
from msp.itsm.approvals.services import answering, asking, covering, linking
from tenants import queries as tenants
from tenants.services import clients, people
from tests.conftest import SECRET
from tests.itsm.approvals import asked
from tests.itsm.approvals.chains import MONDAY
from tests.support import world
from tests.support.post import text_of

HOUR = timedelta(hours=1)


@pytest.fixture
def acme(console_app: Any) -> Any:
    return world.company(
        console_app, "Acme", requester=("requester",), tom=("requester",), samir=("manager",), rosa=("approver",), admin=("client_admin",)
    )


@pytest.fixture
def told(monkeypatch: Any) -> list[Any]:
    """What was recorded as an event."""
    found: list[Any] = []
    original = events.record
    monkeypatch.setattr(events, "record", lambda event: (found.append(event), original(event))[1])
    return found


def decide(app: Any, company: Any, person: str, approval: Any, is_approved: bool = True, at: Any = MONDAY + HOUR, **more: Any) -> Any:
    with clock.at(at), world.acting(app, company.actor(person)) as by:
        return answering.decide(approval.id, is_approved, by=by, **more)


def people_of(company: Any, *names: str) -> list[Any]:
    return [company.people[name] for name in names]


def test_three_stages_one_after_another(console_app: Any, acme: Any, told: list[Any]) -> None:
    """A person, then two of three, then a manager: each is asked when it is his turn, and mailed then."""
    two_of_three = {"approvers": [{"contact": str(each.id)} for each in people_of(acme, "tom", "rosa", "admin")], "needed": 2}
    approval = asked.start(console_app, acme, people_of(acme, "tom"), two_of_three, {"approvers": [{"role": "manager"}]})
    assert asked.open_names(console_app, approval) == {"Tom"}
    first = asked.mails(console_app, MONDAY)
    assert [address for address, _ in first] == [acme.people["tom"].e_mail]
    text = text_of(first[0][1])
    for words in ("£1,140.00", "once, then £46.00 a month", "She starts on Monday", "Opening the page decides nothing", "NWD-1049"):
        assert words in text
    assert first[0][1]["Subject"] == "Your decision: Laptop for Nina Kovac, £1,140.00"
    with pytest.raises(NotFound):
        decide(console_app, acme, "rosa", approval)
    with pytest.raises(Forbidden):
        decide(console_app, acme, "samir", approval)
    decide(console_app, acme, "tom", approval)
    assert asked.open_names(console_app, approval) == {"Tom", "Rosa", "Admin"}
    decide(console_app, acme, "rosa", approval)
    decide(console_app, acme, "admin", approval)
    assert asked.open_names(console_app, approval) == {"Samir"}
    assert "Tom" in text_of(asked.mail_to(asked.mails(console_app, MONDAY + HOUR), acme.people["samir"]))
    decide(console_app, acme, "samir", approval, reason="Good.")
    now = asked.read(console_app, approval)
    assert (now.state, now.ended_at, now.next_at) == ("approved", MONDAY + HOUR, None)
    decided = [event for event in told if isinstance(event, ApprovalDecided)]
    assert decided == [ApprovalDecided(acme.id, approval.id, asked.KIND, approval.subject_id, "approved")]
    outcome = asked.mail_to(asked.mails(console_app, MONDAY + HOUR), acme.people["requester"])
    assert outcome["Subject"] == "Approved: Laptop for Nina Kovac"
    assert "Good." in text_of(outcome)
    kinds = [entry.kind for entry in asked.history(console_app, approval) if entry.kind != "sent"]
    assert kinds == ["seated", "answered", "seated", "answered", "answered", "seated", "answered"]
    with pytest.raises(errors.ApprovalEnded):
        decide(console_app, acme, "samir", approval)


def test_every_decision_is_kept_with_person_time_address_and_link(console_app: Any, acme: Any, servers: Any) -> None:
    import psycopg

    approval = asked.start(console_app, acme, people_of(acme, "tom"))
    decide(console_app, acme, "tom", approval, False, reason="Too dear", channel="mail")
    seat = asked.seats(console_app, approval)[0]
    assert (seat.decision, seat.reason, seat.channel, seat.decided_at) == ("rejected", "Too dear", "mail", MONDAY + HOUR)
    with psycopg.connect(servers.url("msp_owner")) as connection:
        row = connection.execute(
            "SELECT actor_id, action, changes FROM audit_entry WHERE subject = 'approval' AND subject_id = %s AND action = 'rejected'",
            (approval.id,),
        ).fetchone()
    assert row is not None
    assert (row[0], row[1]) == (acme.people["tom"].id, "rejected")
    assert row[2]["channel"] == "mail"
    assert row[2]["shown"] == approval.shown_hash


def test_a_refusal_needs_its_reason_and_what_was_seen_must_be_what_is_asked(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, people_of(acme, "tom"))
    for reason in ("", "  ", "x" * 2001):
        with pytest.raises(Invalid) as refused:
            decide(console_app, acme, "tom", approval, False, reason=reason)
        assert refused.value.errors[0].pointer == "/reason"
    with pytest.raises(errors.ShownChanged):
        decide(console_app, acme, "tom", approval, seen="another")
    with pytest.raises(StaleVersion):
        decide(console_app, acme, "tom", approval, version=99)
    assert asked.read(console_app, approval).state == "waiting"


def test_a_stage_may_depend_on_the_price_and_without_any_nobody_is_asked(console_app: Any, acme: Any) -> None:
    dear = {"approvers": [{"role": "manager"}], "condition": {"field": "once", "operator": ">", "value": 500}}
    asked_first = asked.start(console_app, acme, dear)
    assert (asked_first.state, asked.open_names(console_app, asked_first)) == ("waiting", {"Samir"})
    cheap = asked.start(console_app, acme, dear, once=Decimal("500"))
    assert (cheap.state, cheap.note) == ("approved", "Nobody had to approve this.")


def test_roles_are_looked_up_when_the_stage_opens(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        site = clients.add_site(acme.id, world.unique("Bath"), by=by)
        local = people.add_contact(acme.id, "Lena Local", e_mail=f"{world.unique('l')}@x.example", roles=["site_manager"], by=by)
        people.change_contact(local.id, version=local.version, managed_site_ids=[site.id], by=by)
        people.add_contact(acme.id, "Otto Owner", e_mail=f"{world.unique('o')}@x.example", roles=["approver"], cost_centre="Clinic", by=by)
    roles = [{"approvers": [{"role": role}]} for role in ("site_manager", "cost_centre_owner", "approver", "client_admin")]
    approval = asked.start(console_app, acme, *roles, site_id=site.id, cost_centre="Clinic")
    assert asked.open_names(console_app, approval) == {"Lena"}
    with clock.at(MONDAY), world.as_staff(console_app):
        owner = db.session.query(type(local)).filter_by(tenant_id=acme.id, name="Otto Owner").one()
    for person in (local, owner):
        acme.people[person.name] = person
        decide(console_app, acme, person.name, approval)
    assert {seat.holder_name.split(" ")[0] for seat in asked.seats(console_app, approval) if seat.stage == 2} == {"Otto", "Rosa"}


def test_a_deleted_approver_is_passed_over_for_the_administrators_with_a_note(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        tom = tenants.visible_contact(acme.people["tom"].id, by=by)
        people.change_contact(tom.id, version=tom.version, is_active=False, by=by)
    approval = asked.start(console_app, acme, [tom])
    assert asked.open_names(console_app, approval) == {"Admin"}
    assert asked.read(console_app, approval).note == seating.NOBODY
    unknown = asked.start(console_app, acme, {"approvers": [{"contact": str(uuid4())}]})
    assert asked.open_names(console_app, unknown) == {"Admin"}


def test_without_an_administrator_the_account_manager_is_asked_and_decides_in_the_console(console_app: Any) -> None:
    bare = world.company(console_app, "Bare", requester=("requester",))
    agent, manager = world.agent(console_app, "account_manager", clients=[bare.id])
    _, other = world.agent(console_app)
    approval = asked.start(console_app, bare, {"approvers": [{"role": "manager"}]})
    assert asked.seats(console_app, approval) == [], "a contact's transaction does not see our people"
    sent = asked.mails(console_app, MONDAY)
    assert agent.name in {seat.holder_name for seat in asked.seats(console_app, approval)}
    assert asked.read(console_app, approval).note == seating.OURS
    assert bare.tenant.name in text_of(asked.mail_to(sent, agent))
    with world.acting(console_app, manager):
        news = notify.notifications(by=manager, cursors=Cursors((SECRET,))).rows
        assert [row.text for row in news] == [f"Your decision: {asked.TITLE}"]
    with world.acting(console_app, other), pytest.raises(Forbidden):
        answering.decide(approval.id, True, by=other)
    with clock.at(MONDAY + HOUR), world.acting(console_app, manager):
        answering.decide(approval.id, True, by=manager, channel="console")
    assert asked.read(console_app, approval).state == "approved"


def test_nobody_decides_on_what_he_asked_for_unless_it_counts(console_app: Any, acme: Any) -> None:
    own = asked.start(console_app, acme, {"approvers": [{"role": "manager"}]}, person="samir")
    assert asked.open_names(console_app, own) == {"Admin"}
    counted = asked.start(console_app, acme, {"approvers": [{"role": "manager"}], "self_counts": True}, person="samir")
    assert asked.open_names(console_app, counted) == {"Samir"}
    passed_on = asked.start(console_app, acme, people_of(acme, "tom"))
    with world.acting(console_app, acme.actor("tom")) as by, pytest.raises(Invalid, match="asked for it"):
        answering.delegate(passed_on.id, acme.people["requester"].e_mail, by=by)


def test_who_passes_it_on_no_longer_decides_and_the_other_is_mailed(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, people_of(acme, "tom", "samir"))
    asked.mails(console_app, MONDAY)
    with clock.at(MONDAY + HOUR), world.acting(console_app, acme.actor("tom")) as by:
        for wrong in ("", "nobody@nowhere.example", acme.people["samir"].e_mail):
            with pytest.raises(Invalid):
                answering.delegate(approval.id, wrong, by=by)
        answering.delegate(approval.id, f" {acme.people['rosa'].e_mail.upper()} ", by=by)
    assert asked.open_names(console_app, approval) == {"Rosa", "Samir"}
    sent = asked.mails(console_app, MONDAY + HOUR)
    assert [address for address, _ in sent] == [acme.people["rosa"].e_mail]
    assert f"in place of {acme.people['tom'].name}" in " ".join(text_of(sent[0][1]).split())
    with pytest.raises(Forbidden):
        decide(console_app, acme, "tom", approval)
    decide(console_app, acme, "rosa", approval)
    assert [entry.kind for entry in asked.history(console_app, approval) if entry.kind != "sent"] == ["seated", "delegated", "answered"]


def test_who_is_away_is_covered(console_app: Any, acme: Any) -> None:
    with clock.at(MONDAY), world.acting(console_app, acme.actor("tom")) as by:
        with pytest.raises(Invalid):
            covering.set_cover(acme.people["tom"].e_mail, MONDAY, MONDAY + HOUR, by=by)
        with pytest.raises(Invalid):
            covering.set_cover(acme.people["rosa"].e_mail, MONDAY, MONDAY, by=by)
        covering.set_cover(acme.people["rosa"].e_mail, MONDAY - HOUR, MONDAY + HOUR, by=by)
    during = asked.start(console_app, acme, people_of(acme, "tom"))
    after = asked.start(console_app, acme, people_of(acme, "tom"), at=MONDAY + 2 * HOUR)
    assert [asked.open_names(console_app, each) for each in (during, after)] == [{"Rosa"}, {"Tom"}]
    with clock.at(MONDAY), world.acting(console_app, acme.actor("tom")) as by:
        covering.end_cover(by=by)
    assert asked.open_names(console_app, asked.start(console_app, acme, people_of(acme, "tom"))) == {"Tom"}


def test_only_who_asked_withdraws(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, people_of(acme, "tom"))
    with world.acting(console_app, acme.actor("tom")) as by, pytest.raises(Forbidden):
        answering.withdraw(approval.id, by=by)
    with clock.at(MONDAY + HOUR), world.acting(console_app, acme.actor()) as by:
        answering.withdraw(approval.id, by=by)
    assert asked.read(console_app, approval).state == "withdrawn"
    assert asked.open_names(console_app, approval) == set()


def test_another_price_voids_it_and_asks_again(console_app: Any, acme: Any, told: list[Any]) -> None:
    approval = asked.start(console_app, acme, people_of(acme, "tom", "samir"))
    decide(console_app, acme, "tom", approval)
    with clock.at(MONDAY + HOUR), world.as_staff(console_app) as by:
        assert asking.change_shown(approval.id, asked.shown(), by=by).id == approval.id, "the same content changes nothing"
        again = asking.change_shown(approval.id, asked.shown(once=Decimal("1200")), by=by)
    assert asked.read(console_app, approval).state == "voided"
    assert (again.replaces_id, again.requester_name) == (approval.id, approval.requester_name)
    assert asked.open_names(console_app, again) == {"Tom", "Samir"}, "who had approved is asked again"
    assert [event.successor_id for event in told if isinstance(event, ApprovalVoided)] == [again.id]
    with pytest.raises(errors.ApprovalEnded):
        decide(console_app, acme, "samir", approval)
    for person in ("tom", "samir"):
        decide(console_app, acme, person, again)
    with clock.at(MONDAY + 2 * HOUR), world.as_staff(console_app) as by:
        third = asking.change_shown(again.id, asked.shown(once=Decimal("1300")), by=by)
    assert [asked.read(console_app, each).state for each in (again, third)] == ["voided", "waiting"], "also what was approved"
    with clock.at(MONDAY + 2 * HOUR), world.as_staff(console_app) as by:
        asking.void(third.id, by=by)
    assert asked.read(console_app, third).state == "voided"


def test_a_subject_is_asked_about_once_at_a_time(console_app: Any, acme: Any) -> None:
    subject, chain = new_id(), asked.chain(people_of(acme, "tom"))
    with world.acting(console_app, acme.actor()) as by:
        asking.start(acme.id, asked.KIND, subject, asked.shown(), chain, by=by)
        with pytest.raises(errors.AlreadyAsked):
            asking.start(acme.id, asked.KIND, subject, asked.shown(), chain, by=by)


def test_bad_content_and_chains_are_told_where(console_app: Any, acme: Any, birch: Any) -> None:
    good = asked.chain(people_of(acme, "tom"))
    with world.acting(console_app, acme.actor()) as by:
        for shown, chain, pointer in [
            (asked.shown(title=" "), good, "/title"), (asked.shown(currency=None), good, "/currency"),
            (asked.shown(link="//evil.example"), good, "/link"), (asked.shown(once=Decimal(-1)), good, "/once"),
            (asked.shown(), {"stages": []}, "/chain/stages"),
        ]:  # fmt: skip
            with pytest.raises(Invalid) as refused:
                asking.start(acme.id, asked.KIND, new_id(), shown, chain, by=by)
            assert refused.value.errors[0].pointer == pointer
        with pytest.raises(NotFound):
            asking.start(birch.id, asked.KIND, new_id(), asked.shown(), good, by=by)


def test_it_reminds_then_expires(console_app: Any, acme: Any) -> None:
    stage = {"approvers": [{"role": "manager"}], "expires_after_hours": 8, "remind_after_hours": 4}
    approval = asked.start(console_app, acme, stage)
    asked.mails(console_app, MONDAY, acme)
    asked.sweep(console_app, MONDAY + 3 * HOUR)
    assert asked.mails(console_app, MONDAY + 3 * HOUR, acme) == []
    asked.sweep(console_app, MONDAY + 4 * HOUR)
    asked.sweep(console_app, MONDAY + 5 * HOUR)
    reminded = asked.mails(console_app, MONDAY + 5 * HOUR, acme)
    assert [mail["Subject"] for _, mail in reminded] == ["Reminder: your decision: Laptop for Nina Kovac, £1,140.00"], "once"
    with pytest.raises(errors.AnswerTooLate):
        decide(console_app, acme, "samir", approval, at=MONDAY + 8 * HOUR)
    asked.sweep(console_app, MONDAY + 8 * HOUR)
    now = asked.read(console_app, approval)
    assert (now.state, now.next_at) == ("expired", None)
    told = asked.mail_to(asked.mails(console_app, MONDAY + 8 * HOUR, acme), acme.people["requester"])
    assert told["Subject"].startswith("Not decided in time")
    asked.sweep(console_app, MONDAY + 9 * HOUR)
    assert asked.mails(console_app, MONDAY + 9 * HOUR, acme) == []


def test_a_late_stage_goes_to_the_administrator_who_decides_alone(console_app: Any, acme: Any) -> None:
    approval = asked.start(
        console_app, acme, {"approvers": [{"contact": str(each.id)} for each in people_of(acme, "tom", "samir")],
                            "expires_after_hours": 8, "escalates": True},
    )  # fmt: skip
    asked.mails(console_app, MONDAY, acme)
    late = MONDAY + 8 * HOUR
    asked.sweep(console_app, late)
    now = asked.read(console_app, approval)
    assert (now.state, now.due_at) == ("waiting", late + 8 * HOUR)
    assert "may decide alone" in (now.note or "")
    assert [address for address, _ in asked.mails(console_app, late, acme)] == [acme.people["admin"].e_mail]
    decide(console_app, acme, "admin", approval, at=late + HOUR)
    assert asked.read(console_app, approval).state == "approved"


def test_who_sees_an_approval(console_app: Any, acme: Any, birch: Any) -> None:
    approval = asked.start(console_app, acme, people_of(acme, "tom"))
    _, limited = world.agent(console_app, "lead", clients=[birch.id])
    for person, company, is_seen in [
        ("requester", acme, True), ("tom", acme, True), ("samir", acme, True), ("rosa", acme, False), ("manager", birch, False),
    ]:  # fmt: skip
        with world.acting(console_app, company.actor(person)) as by:
            rows = [row.id for row in queries.approval_page(by=by).rows]
            assert (approval.id in rows) is is_seen, person
            if not is_seen:
                with pytest.raises(NotFound):
                    queries.visible_approval(approval.id, by=by)
    with world.acting(console_app, limited), pytest.raises(NotFound):
        answering.decide(approval.id, True, by=limited)
    with world.acting(console_app, acme.actor("tom")) as by:
        assert queries.waiting_count(by=by) == 1
        assert [row.id for row in queries.approval_page(by=by, which="waiting").rows] == [approval.id]
        assert queries.approval_page(by=by, which="decided").rows == []


def test_a_question_is_mailed_again_on_request(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, people_of(acme, "tom"))
    asked.mails(console_app, MONDAY, acme)
    seat = asked.seats(console_app, approval)[0]
    _, agent = world.agent(console_app)
    with clock.at(MONDAY + HOUR), world.acting(console_app, agent):
        linking.send_again(approval.id, seat.id, by=agent)
    assert [address for address, _ in asked.mails(console_app, MONDAY + HOUR, acme)] == [acme.people["tom"].e_mail]
    with world.as_staff(console_app):
        links = queries.own_links(approval)
    assert [link.spent_at is None for link in links] == [True, False], "the earlier link is good no more"
    with world.acting(console_app, acme.actor("tom")) as by, pytest.raises(Forbidden):
        linking.send_again(approval.id, seat.id, by=by)
