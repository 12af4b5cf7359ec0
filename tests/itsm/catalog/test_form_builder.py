"""The form builder: each step of a draft, what it refuses, and its page."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from msp.itsm.catalog.forms import builder
from msp.itsm.catalog.forms.definition import Form, parse, to_json
from tests.itsm.catalog.form_samples import JOINER

FORM = parse(JOINER)


def step(form: Form, **posted: Any) -> builder.Edited:
    return builder.apply(form, MultiDict(posted))


def names(form: Form) -> list[str]:
    return [part.name for part in form.parts]


def test_a_form_is_built_from_nothing() -> None:
    form = Form()
    for kind, label in (("choice", "Where?"), ("text", "Where?"), ("note", "日本"), ("section", "Kit")):
        edited = step(form, do="add", kind=kind, label=label)
        assert edited.errors == {}
        form = edited.form
    assert names(form) == ["where", "where_2", "note", "kit"]
    options = "room | Treatment room | £1,420.00\r\nReception\n"
    form = step(form, do="change", part="where", label="Where", options=options, required="1").form
    assert [(option.value, option.label, str(option.price)) for option in form.parts[0].options] == [
        ("room", "Treatment room", "1420.00"),
        ("reception", "Reception", "None"),
    ]
    edited = step(form, do="change", part="where_2", label="Which", show_field="where", show_op="is", show_value="treatment ROOM")
    assert to_json(edited.form)["parts"][1]["show_if"] == {"field": "where", "is": "room"}
    assert edited.focus == "where_2"


def test_what_is_shown_saves_as_it_is() -> None:
    for part in FORM.parts:
        assert step(FORM, do="change", part=part.name, **builder.fields_of(part, FORM)) == builder.Edited(FORM, focus=part.name)


def test_parts_move_but_stay_below_what_they_name() -> None:
    assert names(step(FORM, do="up", part="first_day").form)[:2] == ["first_day", "name"]
    assert names(step(FORM, do="down", part="name").form)[:2] == ["first_day", "name"]
    assert names(step(FORM, do="to", part="more", to="0").form)[0] == "more"
    refused = step(FORM, do="up", part="role")
    assert refused.form is FORM
    assert refused.errors[""] == "“Role”: “where” does not stand above this part"
    assert step(FORM, do="up", part="name").form == FORM
    assert step(FORM, do="to", part="name", to="-1").errors.keys() == {""}


def test_a_part_that_others_ask_for_is_not_removed() -> None:
    assert "more" not in names(step(FORM, do="remove", part="more").form)
    refused = step(FORM, do="remove", part="kit")
    assert refused.form is FORM
    assert refused.errors[""] == "“Spare chargers”: There is no field of this name"


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "R", "options": "x | X | much"}, "options"),
        ({"label": "R", "options": ""}, "options"),
        ({"label": "R", "options": "x | X", "show_field": "where", "show_op": "is", "show_value": "moon"}, "show_value"),
        ({"label": "R", "options": "x | X", "show_field": "where", "show_op": "is"}, "show_value"),
        ({"label": "R", "options": "x | X", "by_field": "where", "by_values": "room: y"}, "by_values"),
    ],
)
def test_what_is_wrong_keeps_what_was_typed(posted: dict[str, str], field: str) -> None:
    edited = step(FORM, do="change", part="role", **posted)
    assert edited.form is FORM
    assert field in edited.errors
    assert edited.focus == "role"
    assert posted.items() <= edited.typed.items()


def test_an_option_that_a_condition_names_is_not_taken_away() -> None:
    edited = step(FORM, do="change", part="where", label="Where", options="reception | Reception\nhome | Home")
    assert edited.form is FORM
    assert "Role" in edited.errors[""]


KEYS = ("do", "part", "to", "kind", "label", "required", *builder.EDITED, *builder.ASKED)
VALUES = st.text(max_size=12) | st.sampled_from(
    ["add", "change", "to", "up", "remove", "role", "where", "kit", "choice", "note", "in", "keep", "over", "9" * 4, "a|b|c", "room: nurse"]
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_no_step_raises(posted: dict[str, str]) -> None:
    edited = step(FORM, **posted)
    assert edited.errors or parse(to_json(edited.form)) == edited.form
    assert not edited.errors or edited.form is FORM
