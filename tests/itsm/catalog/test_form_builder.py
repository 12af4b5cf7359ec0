"""The form builder's draft: what a page posts and is given again, its steps, and where what is wrong is told."""

import random
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from msp.core.errors import FieldError, Invalid
from msp.itsm.catalog.forms import builder, builder_view
from msp.itsm.catalog.forms.builder import Draft
from msp.itsm.catalog.forms.definition import KINDS, Form, parse, to_json
from tests.core.web import samples
from tests.itsm.catalog.form_samples import JOINER, random_form

FORM = parse(JOINER)


class Fields(HTMLParser):
    """What a browser would send of a page's form, without pressing a button."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: MultiDict[str, str] = MultiDict()
        self.select = self.textarea = ""
        self.chosen: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        name = found.get("name", "")
        if tag == "input" and name and (found.get("type") not in ("checkbox", "radio") or "checked" in found):
            self.sent.add(name, found.get("value", "on"))
        elif tag == "select":
            self.select, self.chosen = name, None
        elif tag == "option" and self.select and (self.chosen is None or "selected" in found):
            self.chosen = found.get("value", "")
        elif tag == "textarea":
            self.textarea = name
            self.sent.setdefault(name, "")

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.sent[self.textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.sent.add(self.select, self.chosen or "")
            self.select = ""
        elif tag == "textarea":
            self.sent[self.textarea] = self.sent[self.textarea].removeprefix("\n")
            self.textarea = ""


def page(draft: Draft) -> str:
    source = '{% import "catalog/builder.html" as b %}{{ b.builder(boxes, draft, kinds) }}'
    return samples.environment().from_string(source).render(boxes=builder_view.boxes(draft), draft=draft, kinds=KINDS)


def sent(draft: Draft, **typed: Any) -> MultiDict[str, str]:
    """What the page posts once something was typed into it; lists stand for several fields of one name."""
    fields = Fields(page(draft)).sent
    for name, value in typed.items():
        fields.setlist(name.replace("__", "-"), value if isinstance(value, list) else [value])
    return fields


def step(draft: Draft, do: str, **typed: Any) -> Draft:
    return builder.take(builder.read(sent(draft, **typed)), do)


def add(draft: Draft, kind: str, label: str) -> Draft:
    return step(draft, "add", fb__new__kind=kind, fb__new__label=label)


def form_of(draft: Draft) -> Form:
    return parse(builder.to_json(draft))


def builder_json(draft: Draft) -> dict[str, Any]:
    """The definition in its normal form; answers that options follow stand in no order."""
    return to_json(form_of(draft))


def plain_test(data: dict[str, Any]) -> dict[str, Any]:
    return {"field": data["field"], "is": data["in"][0]}


def plain(data: Any) -> Any:
    """One of a single value is that value; what narrows no answer is not said."""
    if isinstance(data, list):
        return [plain(each) for each in data]
    if not isinstance(data, dict):
        return data
    if isinstance(data.get("in"), list):
        return {"field": data["field"], "in": sorted(data["in"], key=str)} if len(data["in"]) > 1 else plain_test(data)
    data = {key: plain(value) for key, value in data.items()}
    if "options_by" in data:
        options = [option["value"] for option in data["options"]]
        values = {key: [each for each in options if each in value] for key, value in data["options_by"]["values"].items()}
        named = {key: value for key, value in values.items() if value != options}
        data |= {"options_by": {**data["options_by"], "values": named}}
        if not named:
            del data["options_by"]
    return data


def names(draft: Draft) -> list[str]:
    return [part.name for part in draft.parts]


def faults(draft: Draft) -> list[FieldError]:
    try:
        form_of(draft)
    except Invalid as refused:
        return list(refused.errors)
    return []


def told(draft: Draft) -> dict[str, str]:
    """What is wrong with the draft, by posted field."""
    found = dict(filter(None, (builder.placed(draft, error) for error in faults(draft))))
    assert found, "nothing is wrong"
    return found


def test_a_form_is_built_from_nothing() -> None:
    draft = Draft()
    for kind, label in (("choice", "Where?"), ("text", "Where?"), ("note", "日本"), ("section", "Kit")):
        draft = add(draft, kind, label)
        assert draft.errors == {}
    assert names(draft) == ["where", "where_2", "note", "kit"]
    options = {"fb__where__olabel": ["Treatment room", "Reception"], "fb__where__price": ["£1,420.00", ""]}
    draft = step(draft, "look", fb__where__required="1", **options)
    draft = step(draft, "look", fb__where_2__show_field="where")
    draft = step(draft, "look", fb__where_2__show_value=["treatment_room"])
    first, second, note, section = to_json(form_of(draft))["parts"]
    assert first["options"] == [
        {"value": "treatment_room", "label": "Treatment room", "price": "1420.00"}, {"value": "reception", "label": "Reception"},
    ]  # fmt: skip
    assert first["required"] is True
    assert second["show_if"] == {"field": "where", "is": "treatment_room"}
    assert (note["text"], section["label"]) == ("日本", "Kit")


def test_a_part_needs_a_kind_and_words() -> None:
    empty = add(Draft(), "text", "")
    assert (empty.parts, empty.errors) == ((), {"fb-new-label": "Say what is asked."})
    odd = add(Draft(), "moon", "Which?")
    assert odd.errors.keys() == {"fb-new-kind"}
    assert 'value="Which?"' in page(odd)


def test_the_words_of_a_part_to_be_added_wait_until_it_is() -> None:
    moved = step(builder.of_form(FORM), "up:more", fb__new__kind="number", fb__new__label="How many?")
    html = page(moved)
    assert 'value="How many?"' in html
    assert '<option value="number" selected>' in html
    assert 'name="fb-new-label" type="text" value=""' in page(builder.take(moved, "add"))


def test_what_is_shown_saves_as_it_is() -> None:
    assert builder_json(builder.read(sent(builder.of_form(FORM)))) == to_json(FORM)


def test_every_form_saves_as_it_is() -> None:
    dice = random.Random(11)  # noqa: S311 - not a secret
    for _ in range(60):
        form = parse(random_form(dice))
        assert plain(builder_json(builder.read(sent(builder.of_form(form))))) == plain(to_json(form))


def test_parts_move_and_a_condition_says_where_its_question_went() -> None:
    draft = builder.of_form(FORM)
    assert names(step(draft, "up:first_day"))[:2] == ["first_day", "name"]
    assert names(step(draft, "down:name"))[:2] == ["first_day", "name"]
    assert names(step(draft, "up:name")) == names(draft)
    moved = step(draft, "up:role")
    assert "number 3 of" in moved.said
    assert told(moved) == {
        "fb-role-show_field": "“where” does not stand above this part", "fb-role-by_field": "“where” does not stand above this part",
    }  # fmt: skip
    assert builder_json(step(moved, "down:role")) == to_json(FORM), "nothing of it was lost on the way"


def test_parts_come_in_the_order_in_which_the_page_sends_them() -> None:
    fields = sent(builder.of_form(FORM))
    parts = fields.getlist("fb-part")
    fields.setlist("fb-part", [parts[-1], *parts[:-1]])
    assert names(builder.read(fields))[0] == "more"


def test_what_is_taken_out_goes_once_it_is_saved() -> None:
    out = step(builder.of_form(FORM), "remove:more")
    assert "more" in names(out)
    assert form_of(out).part("more") is None
    assert builder_json(step(out, "back:more")) == to_json(FORM)
    asked_for = step(builder.of_form(FORM), "remove:kit")
    assert told(asked_for) == {"fb-spare-show_field": "There is no field of this name"}


def test_options_come_go_and_keep_their_values() -> None:
    draft = builder.of_form(FORM)
    fewer = step(draft, "drop:kit:1")
    assert [row.value for row in fewer.part("kit").rows] == ["tablet", "headset", "nothing"]  # type: ignore[union-attr]
    renamed = step(draft, "look", fb__where__olabel=["Front desk", "Treatment room", "Practice office", "From home", "On the road"])
    assert [row.value for row in renamed.part("where").rows][-1] == "on_the_road"  # type: ignore[union-attr]
    assert form_of(renamed).part("where").option("reception").label == "Front desk"  # type: ignore[union-attr]
    assert page(step(draft, "option:kit")).count('name="fb-kit-olabel"') == page(draft).count('name="fb-kit-olabel"') + 1


def test_options_follow_an_answer_above() -> None:
    draft = step(builder.of_form(FORM), "look", fb__role__by=["room nurse", "reception desk"])
    assert told(draft) == {"fb-role-by_field": "“From home” leaves nothing to choose."}
    ticked = [f"{answer} {role}" for answer in ("office", "home") for role in ("nurse", "dentist", "desk")]
    draft = step(draft, "look", fb__role__by=["room nurse", "reception desk", *ticked])
    assert dict(form_of(draft).part("role").options_by.allowed) == {"room": ("nurse",), "reception": ("desk",)}  # type: ignore[union-attr]
    free = step(draft, "look", fb__role__by_field="")
    assert form_of(free).part("role").options_by is None  # type: ignore[union-attr]


def test_an_answer_or_an_option_that_is_new_stands_for_all() -> None:
    draft = builder.of_form(FORM)
    more = step(draft, "look", fb__where__olabel=[*[row.label for row in draft.part("where").rows], "Van"])  # type: ignore[union-attr]
    assert builder_json(more)["parts"][3]["options_by"] == to_json(FORM)["parts"][3]["options_by"]
    hygienist = step(draft, "look", fb__role__olabel=["Dental nurse", "Dentist", "Receptionist", "Hygienist"])
    allowed = dict(form_of(hygienist).part("role").options_by.allowed)  # type: ignore[union-attr]
    assert allowed == {"reception": ("desk", "hygienist"), "room": ("nurse", "dentist", "hygienist")}


@pytest.mark.parametrize(
    ("typed", "condition"),
    [
        ({"op": "is", "value": ["room"]}, {"field": "where", "is": "room"}),
        ({"op": "is", "value": ["room", "home"]}, {"field": "where", "in": ["room", "home"]}),
        ({"op": "not", "value": ["room"]}, {"field": "where", "not": "room"}),
        ({"op": "not", "value": ["room", "home"]}, {"all": [{"field": "where", "not": "room"}, {"field": "where", "not": "home"}]}),
        ({"op": "filled", "value": []}, {"field": "where", "filled": True}),
        ({"op": "empty", "value": []}, {"field": "where", "filled": False}),
    ],
)
def test_conditions_are_said_by_plain_controls(typed: dict[str, Any], condition: Any) -> None:
    fields = {f"fb__more__show_{key}": value for key, value in typed.items()}
    draft = step(builder.of_form(FORM), "look", fb__more__show_field="where", **fields)
    form = form_of(draft)
    assert to_json(form)["parts"][-1]["show_if"] == condition
    assert form_of(builder.read(sent(builder.of_form(form)))) == form


def test_a_condition_on_a_number_compares_it() -> None:
    draft = builder.of_form(FORM)
    draft = step(draft, "look", fb__more__need_field="spare", fb__more__need_op="over", fb__more__need_value="2")
    assert to_json(form_of(draft))["parts"][-1]["required_if"] == {"field": "spare", "over": 2}
    wrong = step(draft, "look", fb__more__need_value="many")
    assert wrong.part("more").need.values == ("many",)  # type: ignore[union-attr]
    assert told(wrong).keys() == {"fb-more-need_value"}


def test_a_condition_past_the_controls_stays_as_it_is() -> None:
    html = page(builder.of_form(FORM))
    assert "As it is: Where will they work = Practice office or Spare chargers is over 2" in html
    assert form_of(step(builder.of_form(FORM), "look", fb__printer__hint="Near")).part("printer").show_if == FORM.part("printer").show_if  # type: ignore[union-attr]
    assert told(step(builder.of_form(FORM), "look", fb__printer__show_was="[" * 5000)).keys() == {"fb-printer-show_value"}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"fb__role__label": ""}, "fb-role-label"),
        ({"fb__kit__price": ["much", "", "", ""]}, "fb-kit-price-0"),
        ({"fb__kit__olabel": ["", "", "", ""], "fb__kit__price": ["", "", "", ""]}, "fb-kit-olabel-0"),
        ({"fb__role__show_value": []}, "fb-role-show_value"),
        ({"fb__told__text": " "}, "fb-told-text"),
        ({"fb__spare__maximum": "lots"}, "fb-spare-maximum"),
        ({"fb__spare__minimum": "9"}, "fb-spare-maximum"),
        ({"fb__first_day__minimum": "1.5"}, "fb-first_day-minimum"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_kept(typed: dict[str, Any], field: str) -> None:
    draft = step(builder.of_form(FORM), "look", **typed)
    wrong = told(draft)
    assert field in wrong
    html = page(replace(draft, errors=wrong))
    assert f'id="f-{field}' in html
    for value in typed.values():
        for text in filter(str.strip, [value] if isinstance(value, str) else value):
            assert f'value="{text}"' in html


def test_the_preview_leaves_out_what_is_not_right_yet() -> None:
    draft = step(builder.of_form(FORM), "look", fb__kit__price=["much", "", "", ""])
    shown = [part.name for part in builder_view.preview(draft).parts]
    assert "kit" not in shown
    assert "spare" not in shown, "it asks for the answer of what is not there"
    assert "manager" in shown


NAMES = [name for name in Fields(page(builder.of_form(FORM))).sent if name != "fb-part"]
VALUES = st.text(max_size=12) | st.sampled_from(["where", "kit", "more", "*", "[", "{}", "not", "over", "9" * 9, "room nurse", "choice"])
STEPS = st.sampled_from(["add", "look", "up:role", "down:where", "remove:where", "back:where", "drop:kit:0", "drop:kit:x", "option:kit"])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, max_size=3)), STEPS)
def test_no_step_raises_and_none_loses_a_part(posted: dict[str, list[str]], do: str) -> None:
    fields = sent(builder.of_form(FORM))
    for name, values in posted.items():
        fields.setlist(name, values)
    draft = builder.take(builder.read(fields), do)
    assert {part.name for part in FORM.parts} <= set(names(draft))
    page(draft)
    builder_view.preview(draft)
    for wrong in faults(draft):
        assert builder.placed(draft, wrong) or not wrong.pointer.startswith("/parts/")
