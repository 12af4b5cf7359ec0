"""Request forms: definitions read and refused, answers checked whatever was sent."""

import random
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from msp.core.errors import Invalid
from msp.itsm.catalog.forms import answers
from msp.itsm.catalog.forms.definition import KINDS, parse, to_json
from tests.itsm.catalog.form_samples import CHOICES, JOINER, random_answers, random_form

FORM = parse(JOINER)
GOOD: dict[str, Any] = {"name": "Leonie Okonjo", "first_day": "2027-04-07", "where": "room", "role": "nurse"}


def pointers(data: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parse(data)
    return {error.pointer: error.code for error in refused.value.errors}


def check(**typed: Any) -> answers.Checked:
    return answers.check(FORM, {**GOOD, **typed}, choices=CHOICES, earliest=lambda days: date(2027, 4, 4 + days))


# --- Definitions ------------------------------------------------------------------------------------------------------


def test_a_definition_comes_back_as_it_was() -> None:
    assert to_json(FORM) == JOINER
    assert {part.kind for part in FORM.parts} == set(KINDS)


A = {"name": "a", "kind": "text", "label": "A"}
ONE = [{"value": "x", "label": "X"}]


@pytest.mark.parametrize(
    ("parts", "pointer", "code"),
    [
        ([{**A, "kind": "colour"}], "/parts/0/kind", "unknown"),
        ([{**A, "kind": ["text"]}], "/parts/0/kind", "unknown"),
        ([A, A], "/parts/1/name", "duplicate"),
        ([{**A, "name": "Ä"}], "/parts/0/name", "invalid"),
        ([{**A, "name": "a\n"}], "/parts/0/name", "invalid"),
        ([{**A, "name": "csrf_token"}], "/parts/0/name", "invalid"),
        ([{**A, "label": " "}], "/parts/0/label", "required"),
        ([{**A, "label": "a\x00"}], "/parts/0/label", "invalid"),
        ([{**A, "colour": 1}], "/parts/0/colour", "unknown"),
        ([{**A, "options": ONE}], "/parts/0/options", "misplaced"),
        ([{**A, "kind": "choice", "options": []}], "/parts/0/options", "required"),
        ([{**A, "kind": "choice", "options": ONE * 2}], "/parts/0/options/1/value", "duplicate"),
        ([{**A, "kind": "choice", "options": [{**ONE[0], "price": "-1"}]}], "/parts/0/options/0/price", "invalid"),
        ([{**A, "kind": "choice", "options": [{**ONE[0], "price": 10**5000}]}], "/parts/0/options/0/price", "invalid"),
        ([{**A, "show_if": {"field": "a", "filled": True}}], "/parts/0/show_if", "later"),
        ([{**A, "show_if": {"field": "b", "filled": True}}, {**A, "name": "b"}], "/parts/0/show_if", "later"),
        ([{**A, "show_if": {"field": "z", "filled": True}}], "/parts/0/show_if", "unknown"),
        ([A, {**A, "name": "b", "show_if": {"field": "a", "over": 3}}], "/parts/1/show_if", "invalid"),
        ([A, {**A, "name": "b", "show_if": {"field": "a", "is": 3}}], "/parts/1/show_if", "invalid"),
        ([A, {**A, "name": "b", "show_if": {"all": [{"field": "a"}]}}], "/parts/1/show_if/all/0", "invalid"),
        ([{**A, "minimum": 5, "maximum": 4}], "/parts/0/maximum", "invalid"),
        ([{**A, "minimum": float("nan")}], "/parts/0/minimum", "invalid"),
        ([{**A, "kind": "note"}], "/parts/0/text", "required"),
        ([{**A, "required": 1}], "/parts/0/required", "invalid"),
        ([7], "/parts/0", "invalid"),
        ([{**A, "name": f"a{n}"} for n in range(61)], "/parts", "too_many"),
        ("a", "/parts", "required"),
    ],
)
def test_what_is_wrong_is_pointed_at(parts: Any, pointer: str, code: str) -> None:
    assert pointers({"parts": parts}).get(pointer) == code


def test_a_deep_condition_is_refused_and_every_error_is_told() -> None:
    deep: dict[str, Any] = {"field": "a", "filled": True}
    for _ in range(5000):
        deep = {"all": [deep]}
    found = pointers({"parts": [A, {"name": "?", "kind": "text", "label": "", "show_if": deep}]})
    assert "too_deep" in found.values()
    assert {"/parts/1/name", "/parts/1/label"} <= found.keys()


def test_options_follow_only_a_choice_and_its_values() -> None:
    by = {"field": "a", "values": {"x": ["y"]}}
    choice = {"name": "a", "kind": "choice", "label": "A", "options": ONE}
    second = {"name": "b", "kind": "choice", "label": "B", "options": [{"value": "y", "label": "Y"}], "options_by": by}
    assert parse({"parts": [choice, second]}).parts[1].options_by is not None
    assert pointers({"parts": [A, second]})["/parts/1/options_by/field"] == "invalid"
    wrong = {**second, "options_by": {"field": "a", "values": {"q": ["y"], "x": []}}}
    assert pointers({"parts": [choice, wrong]}).keys() == {"/parts/1/options_by/values/q", "/parts/1/options_by/values/x"}


KEYS = ["parts", *sorted(A), "options", "show_if", "field", "is", "all"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["a", "text", "choice"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(JSON)
def test_parse_raises_only_invalid(data: Any) -> None:
    for given_ in (data, {"parts": data}, {"parts": [data]}, {"parts": [A, {**A, "name": "b", "show_if": data, "options_by": data}]}):
        with suppress(Invalid):
            form = parse(given_)
            assert parse(to_json(form)) == form


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_good_answers_are_kept_and_hidden_ones_dropped() -> None:
    checked = check(kit=["laptop", "tablet"], spare="2", where="office", registration="123456", manager="p2")
    assert checked.errors == {}
    assert checked.answers == {
        "name": "Leonie Okonjo", "first_day": "2027-04-07", "where": "office", "kit": ["tablet", "laptop"], "spare": 2, "manager": "p2",
    }  # fmt: skip
    assert "registration" not in checked.shown
    assert {"kit_section", "told", "printer"} <= checked.shown


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": " "}, "name", "Fill in “Full name”"),
        ({"where": ""}, "where", "Choose an answer"),
        ({"role": "dentist"}, "registration", "Fill in"),
        ({"role": "desk"}, "role", "“Receptionist” does not go with"),
        ({"role": "pilot"}, "role", "not among"),
        ({"first_day": "2027-04-06"}, "first_day", "Choose Wednesday 7 April 2027 or later: we need 3 working days"),
        ({"first_day": "31/12/2027"}, "first_day", "Write a date"),
        ({"first_day": "2027-02-30"}, "first_day", "Write a date"),
        ({"kit": ["laptop"], "spare": "6"}, "spare", "5 or less"),
        ({"kit": ["laptop"], "spare": "1e3"}, "spare", "Write a number"),
        ({"kit": ["laptop", "yacht"]}, "kit", "not among"),
        ({"manager": "p9"}, "manager", "not among"),
        ({"contract": ["f9"]}, "contract", "Send this file again"),
        ({"registration": "1234567"}, "registration", "At most 6 characters; this is 7"),
        ({"more": "a\x00b"}, "more", "cannot be kept"),
        ({"more": "\ud800"}, "more", "cannot be kept"),
        ({"more": {"a": 1}}, "more", "right kind"),
    ],
)
def test_what_is_wrong_is_said(typed: dict[str, Any], field: str, words: str) -> None:
    checked = check(**typed)
    assert list(checked.errors) == [field]
    assert words in checked.errors[field]
    assert field not in checked.answers


def test_what_was_typed_is_read_with_and_without_a_prefix() -> None:
    sent = MultiDict([("name", "A"), ("kit", "tablet"), ("kit", "headset"), ("other", "x"), ("b-name", "B")])
    typed = answers.read(FORM, sent)
    assert typed["name"] == "A"
    assert typed["kit"] == ["tablet", "headset"]
    assert "other" not in typed
    assert answers.read(FORM, sent, "b-")["name"] == "B"


def test_lines_and_prices() -> None:
    kept = check(kit=["tablet", "headset"], manager="p2", contract=["f1"], more="a\nb").answers
    said = [(line.section, line.label, line.value) for line in answers.lines(FORM, kept, choices=CHOICES)]
    assert ("", "First day", "Wednesday 7 April 2027") in said
    assert ("Equipment", "What do they need?", "Tablet, 11 inch, Headset") in said
    assert ("Equipment", "Who do they report to?", "Dr Samir Rao") in said
    assert ("Equipment", "Signed contract", "contract.pdf") in said
    gone = answers.lines(FORM, {"manager": "p9"}, choices=CHOICES)
    assert [line.value for line in gone] == ["no longer here"]
    once = {line.label: line.once for line in answers.prices(FORM, kept)}
    assert once == {"Tablet, 11 inch": Decimal("420.00"), "Headset": Decimal("85.00")}


def test_json_answers_are_pointed_at() -> None:
    assert answers.check_json(FORM, {**GOOD, "kit": ["laptop"], "spare": 2.5}, choices=CHOICES).answers["spare"] == 2.5
    with pytest.raises(Invalid) as refused:
        answers.check_json(FORM, {**GOOD, "where": 3, "col/our": 1}, choices=CHOICES)
    assert [error.pointer for error in refused.value.errors] == ["/answers/col~1our", "/answers/where"]
    with pytest.raises(Invalid):
        answers.check_json(FORM, [], choices=CHOICES)


def test_conditions_are_said_in_words() -> None:
    said = {part.name: FORM.said(part.show_if) for part in FORM.parts if part.show_if}
    assert said["registration"] == "Where will they work = Treatment room"
    assert said["role"] == "Where will they work = Reception or Treatment room"
    assert said["printer"] == "Where will they work = Practice office or Spare chargers is over 2"
    room = FORM.part("registration")
    assert room is not None
    assert room.show_if is not None
    assert FORM.because(room.show_if) == "you chose “Treatment room”"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=3)
    | st.sampled_from(["room", "laptop", "p1", "f1", 10**500, "2027-04-07"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([part.name for part in FORM.parts]), ANY))
def test_check_never_raises_and_nothing_hidden_survives(typed: dict[str, Any]) -> None:
    checked = check(**typed)
    assert checked.answers.keys() <= checked.shown
    assert checked.errors.keys() <= checked.shown
    assert not checked.answers.keys() & checked.errors.keys()
    answers.lines(FORM, checked.answers, choices=CHOICES)
    again = answers.check(FORM, checked.answers, choices=CHOICES)
    assert set(map(str, again.answers.items())) <= set(map(str, checked.answers.items()))


@given(st.integers(0, 10**9))
def test_random_forms_keep_their_promises(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - not a secret
    data = random_form(dice)
    form = parse(data)
    assert parse(to_json(form)) == form
    checked = answers.check(form, random_answers(dice, data), choices=CHOICES)
    assert checked.answers.keys() | checked.errors.keys() <= checked.shown
    needed = {part.name for part in form.parts if part.is_required} & checked.shown
    assert needed <= checked.answers.keys() | checked.errors.keys()
