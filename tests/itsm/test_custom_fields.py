"""Custom fields: values by kind, what is required of whom, what is stored and shown; and the category tree."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from msp.core.actor import Actor
from msp.core.errors import Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.custom import queries, services, values
from msp.itsm.tickets.services import categories, opening, triage
from tests.support import world


def field(kind: str, **more: Any) -> Any:
    return SimpleNamespace(**{"key": "f", "label": "Field", "kind": kind, "choices": ["Left", "Right"], "name": "custom-f", **more})


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", "  Room 3 ", "Room 3"), ("text", "", None), ("text", None, None),
        ("number", "12", 12), ("number", "12,5", 12.5), ("number", 7, 7), ("number", "-0.25", -0.25),
        ("date", "2027-03-31", "2027-03-31"), ("choice", "Left", "Left"),
        ("flag", True, True), ("flag", "1", True), ("flag", "false", False), ("flag", False, False),
    ],
)  # fmt: skip
def test_values_are_kept_as_what_they_are(kind: str, given: Any, kept: Any) -> None:
    assert values.checked(field(kind), given) == (kept, None)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", 5), ("text", "x" * 2001), ("text", "a\0b"), ("number", "twelve"), ("number", "NaN"), ("number", "1e99"),
        ("number", True), ("number", []), ("date", "31.3.2027"), ("date", 20270331), ("choice", "Middle"), ("choice", ["Left"]),
        ("flag", "perhaps"), ("flag", {}),
    ],
)  # fmt: skip
def test_values_of_another_kind_are_refused(kind: str, given: Any) -> None:
    kept, error = values.checked(field(kind), given)
    assert kept is None
    assert error is not None
    assert error.pointer == "/custom/f"
    assert error.message.startswith("Field: ")


def test_values_in_words() -> None:
    assert values.words(field("date"), "2027-03-31") == "31 Mar 2027"
    assert [values.words(field("flag"), value) for value in (True, False, None)] == ["Yes", "No", ""]
    assert values.words(field("number"), 12.5) == "12.5"


def test_a_form_says_no_where_a_box_is_not_ticked() -> None:
    fields = [field("text", key="room", name="custom-room"), field("flag", key="urgent", name="custom-urgent")]
    assert values.read_form({"custom-room": "3"}, fields) == {"room": "3", "urgent": False}
    assert values.read_form({"custom-urgent": "1"}, fields) == {"room": "", "urgent": True}


@pytest.fixture
def room(console_app: Any, acme: Any) -> Any:
    """Incidents of Acme must name the room; how many chairs may be said by agents."""
    with world.as_staff(console_app) as by:
        made = services.add_field(acme.id, "incident", "Room", "text", by=by, is_required=True)
        services.add_field(acme.id, "incident", "Chairs", "number", by=by, is_asked=False, is_required=True)
    return made


@pytest.fixture
def open_as(console_app: Any, acme: Any) -> Callable[..., Any]:
    def make(by: Actor, **options: Any) -> Any:
        requester = None if by.is_contact else acme.people["requester"].id
        with world.acting(console_app, by):
            return opening.open_ticket(acme.id, "Scanner", by=by, requester_id=requester, **options)

    return make


def missing(refused: Any) -> set[str]:
    return {error.pointer for error in refused.value.errors}


def test_each_is_asked_for_what_he_can_answer(console_app: Any, acme: Any, room: Any, open_as: Any) -> None:
    requester, (_, agent) = acme.actor(), world.agent(console_app)
    with pytest.raises(Invalid) as refused:
        open_as(requester)
    assert missing(refused) == {"/custom/room"}, "what the portal does not ask for is not missed there"
    assert open_as(requester, custom={"room": " 3 "}).custom == {"room": "3"}
    with pytest.raises(Invalid) as refused:
        open_as(agent, custom={"room": "3"})
    assert missing(refused) == {"/custom/chairs"}
    assert open_as(agent, custom={"room": "3", "chairs": "2"}).custom == {"room": "3", "chairs": 2}
    assert open_as(agent, source="monitoring").custom == {}, "a machine cannot be asked back"
    assert open_as(agent, kind="request").custom == {}, "requests have no such field"


def test_unknown_and_mistyped_values_are_refused_together(acme: Any, room: Any, open_as: Any) -> None:
    with pytest.raises(Invalid) as refused:
        open_as(acme.actor(), custom={"room": "3", "chairs": "many", "colour": "red"})
    assert {error.pointer: error.code for error in refused.value.errors} == {"/custom/chairs": "wrong_type", "/custom/colour": "unknown"}


def test_a_change_keeps_the_rest(console_app: Any, acme: Any, room: Any, open_as: Any) -> None:
    _, agent = world.agent(console_app)
    ticket = open_as(agent, custom={"room": "3", "chairs": 2})
    with world.acting(console_app, agent):
        changed = triage.classify(ticket.id, {"custom": {"chairs": "4"}}, by=agent)
        assert changed.custom == {"room": "3", "chairs": 4}
        assert queries.shown(acme.id, "incident", changed.custom, by=agent) == [("Room", "3"), ("Chairs", "4")]
    with world.acting(console_app, agent), pytest.raises(Invalid, match="Room: fill this in"):
        triage.classify(ticket.id, {"custom": {"room": ""}}, by=agent)


def test_one_that_is_retired_is_still_shown(console_app: Any, acme: Any, room: Any, open_as: Any) -> None:
    ticket = open_as(acme.actor(), custom={"room": "3"})
    with world.as_staff(console_app) as by:
        services.change_field(room.id, "Room", version=1, by=by, is_active=False)
        assert queries.shown(acme.id, "incident", ticket.custom, by=by) == [("Room", "3")]
    with pytest.raises(Invalid, match="There is no field"):
        open_as(acme.actor(), custom={"room": "4"})


def test_keys_are_made_from_labels_and_stay(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        keys = [services.add_field(acme.id, "request", label, "text", by=by).key for label in ("Größe (cm)", "Große cm", "3D", "***")]
        assert keys == ["groe_cm", "groe_cm_2", "f_3d", "field"]
        with pytest.raises(Invalid):
            services.add_field(acme.id, "request", "", "text", by=by)
        with pytest.raises(Invalid):
            services.add_field(acme.id, "change", "Label", "text", by=by)
        with pytest.raises(Invalid):
            services.add_field(acme.id, "request", "Label", "colour", by=by)


def test_fields_belong_to_their_client(console_app: Any, acme: Any, birch: Any, room: Any) -> None:
    _, limited = world.agent(console_app, "admin", clients=[birch.id])
    with world.acting(console_app, limited):
        with pytest.raises(NotFound):
            queries.fields(acme.id, by=limited)
        with pytest.raises(NotFound):
            services.change_field(room.id, "Mine", version=1, by=limited)
        with pytest.raises(NotFound):
            services.add_field(acme.id, "incident", "Mine", "text", by=limited)
    _, agent = world.agent(console_app)
    with world.acting(console_app, agent), pytest.raises(Forbidden):
        services.move_field(room.id, 1, by=agent)


def test_categories_follow_their_parents(console_app: Any, acme: Any, birch: Any) -> None:
    with world.as_staff(console_app) as by:
        top = categories.add_category(acme.id, "Hardware", by=by)
        printer = categories.add_category(acme.id, "Printer", by=by, parent_id=top.id)
        tray = categories.add_category(acme.id, "Tray", by=by, parent_id=printer.id)
        look_alike = categories.add_category(acme.id, "Hardware store", by=by)
        categories.change_category(top.id, version=top.version, by=by, name="Devices")
        assert (tray.path, look_alike.path) == ("Devices / Printer / Tray", "Hardware store")
        categories.change_category(printer.id, version=printer.version, by=by, is_active=False)
        assert [each.path for each in tickets.categories(acme.id, by=by)] == ["Devices", "Hardware store"]
        with pytest.raises(Invalid, match="no such category"):
            categories.add_category(acme.id, "Lost", by=by, parent_id=tray.id)
        with pytest.raises(Invalid, match="no such category"):
            categories.add_category(birch.id, "Foreign", by=by, parent_id=top.id)
        with pytest.raises(StaleVersion):
            categories.change_category(top.id, version=1, by=by, name="Again")
        below = look_alike
        for _ in range(3):
            below = categories.add_category(acme.id, "Deeper", by=by, parent_id=below.id)
        with pytest.raises(Invalid, match="at most 4 deep"):
            categories.add_category(acme.id, "Too deep", by=by, parent_id=below.id)
