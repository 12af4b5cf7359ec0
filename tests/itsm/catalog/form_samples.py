"""Forms for tests: the joiner of the documentation, and random ones."""

import random
from typing import Any

from msp.itsm.catalog.forms.answers import Given

JOINER: dict[str, Any] = {
    "parts": [
        {"name": "name", "kind": "text", "label": "Full name", "required": True},
        {"name": "first_day", "kind": "date", "label": "First day", "required": True, "minimum": 3},
        {
            "name": "where", "kind": "choice", "label": "Where will they work?", "required": True,
            "options": [
                {"value": "reception", "label": "Reception"}, {"value": "room", "label": "Treatment room"},
                {"value": "office", "label": "Practice office"}, {"value": "home", "label": "From home"},
            ],
        },
        {
            "name": "role", "kind": "choice", "label": "Role", "show_if": {"field": "where", "in": ["reception", "room"]},
            "options": [
                {"value": "nurse", "label": "Dental nurse"}, {"value": "dentist", "label": "Dentist"},
                {"value": "desk", "label": "Receptionist"},
            ],
            "options_by": {"field": "where", "values": {"room": ["nurse", "dentist"], "reception": ["desk"]}},
        },
        {
            "name": "registration", "kind": "text", "label": "Registration number", "hint": "Six digits, needed for the X-ray viewer",
            "show_if": {"field": "where", "is": "room"}, "required_if": {"field": "role", "is": "dentist"}, "maximum": 6,
        },
        {"name": "kit_section", "kind": "section", "label": "Equipment", "text": "It lies ready on the first day."},
        {
            "name": "kit", "kind": "multi_choice", "label": "What do they need?",
            "options": [
                {"value": "tablet", "label": "Tablet, 11 inch", "price": "420.00"},
                {"value": "laptop", "label": "Laptop, 14 inch", "price": "980.00"},
                {"value": "headset", "label": "Headset", "price": "85.00"}, {"value": "nothing", "label": "Nothing new"},
            ],
        },
        {
            "name": "spare", "kind": "number", "label": "Spare chargers", "show_if": {"field": "kit", "is": "laptop"},
            "minimum": 0, "maximum": 5,
        },
        {"name": "manager", "kind": "person", "label": "Who do they report to?"},
        {"name": "site", "kind": "site", "label": "Practice"},
        {
            "name": "printer", "kind": "ci", "label": "Nearest printer",
            "show_if": {"any": [{"field": "where", "is": "office"}, {"field": "spare", "over": 2}]},
        },
        {"name": "contract", "kind": "file", "label": "Signed contract", "maximum": 2},
        {"name": "told", "kind": "note", "label": "Good to know", "text": "We mail the sign-in to their manager two days before."},
        {"name": "more", "kind": "long_text", "label": "Anything else?"},
    ]
}  # fmt: skip

CHOICES = Given(
    persons={"p1": "Amelia Hart", "p2": "Dr Samir Rao"},
    sites={"s1": "Clifton", "s2": "Redland"},
    cis={"c1": "Label printer NWD-PR-02"},
    files={"f1": "contract.pdf", "f2": "photo.jpg"},
)

ANSWERABLE = ("text", "long_text", "number", "date", "choice", "multi_choice", "person", "file")
WORDS = ("", " ", "a", "b", " a ", "two words", "ÄÖ ü", "日本", "0", "<b>", "\ufeffx", "\u00a0", "x\r\ny")


def random_form(dice: random.Random) -> dict[str, Any]:
    """A definition with conditions that often hold."""
    parts: list[dict[str, Any]] = []
    for index in range(dice.randint(1, 9)):
        kind = dice.choice((*ANSWERABLE, "section", "note"))
        part: dict[str, Any] = {"name": f"p{index}", "kind": kind, "label": f"Part {index}", **({"text": "t"} if kind == "note" else {})}
        if kind in ("choice", "multi_choice"):
            part["options"] = [{"value": f"o{n}", "label": f"O {n}", "price": f"{n}.50"} for n in range(dice.randint(1, 4))]
            others = [each for each in parts if each["kind"] == "choice"]
            if others and dice.random() < 0.7:
                other = dice.choice(others)
                mine = [option["value"] for option in part["options"]]
                asked = [option["value"] for option in other["options"] if dice.random() < 0.7]
                values = {value: dice.sample(mine, dice.randint(1, len(mine))) for value in asked}
                part |= {"options_by": {"field": other["name"], "values": values}} if values else {}
        asking = [each for each in parts if each["kind"] not in ("section", "note")]
        if asking and dice.random() < 0.7:
            part["show_if"] = random_condition(dice, asking, 1)
        if kind not in ("section", "note"):
            part["required"] = dice.random() < 0.3
            if asking and dice.random() < 0.5:
                part["required_if"] = random_condition(dice, asking, 1)
        parts.append(part)
    return {"parts": parts}


def random_condition(dice: random.Random, asking: list[dict[str, Any]], depth: int) -> dict[str, Any]:
    if depth < 3 and dice.random() < 0.3:
        members = [random_condition(dice, asking, depth + 1) for _ in range(dice.randint(1, 3))]
        return {dice.choice(("all", "any")): members}
    part = dice.choice(asking)
    name, kind = part["name"], part["kind"]
    if kind == "file" or dice.random() < 0.2:
        return {"field": name, "filled": dice.random() < 0.6}
    if kind == "number":
        return {"field": name, dice.choice(("is", "not", "over", "under")): dice.choice((0, 1, -2.5, 7, 12.125))}
    values = [option["value"] for option in part.get("options", ())]
    pool = {
        "choice": values, "multi_choice": values, "date": ["2027-04-01", "2028-02-29"], "person": ["p1", "p2"],
    }.get(kind, ["a", "two words", "日本", "x\ny"])  # fmt: skip
    op = dice.choice(("is", "not", "in"))
    return {"field": name, op: dice.sample(pool, dice.randint(1, min(2, len(pool)))) if op == "in" else dice.choice(pool)}


def random_answers(dice: random.Random, form: dict[str, Any]) -> dict[str, Any]:
    """What a browser would send, right and wrong."""
    pools: dict[str, tuple[str, ...]] = {
        "number": ("", "0", "1", "-2.5", "7.000", "12.125", "x", "1e3", "٣", "+1", "999999999999.999", " 7 ", "-0"),
        "date": ("", "2027-04-01", "2028-02-29", "2027-02-29", "2027-4-1", "0001-01-01"),
        "person": ("", "p1", "p2"),
    }
    typed: dict[str, Any] = {}
    for part in form["parts"]:
        values = [option["value"] for option in part.get("options", ())]
        if part["kind"] == "multi_choice":
            typed[part["name"]] = dice.sample(values, dice.randint(0, len(values)))
        elif part["kind"] == "file":
            typed[part["name"]] = dice.sample(["f1", "f2"], dice.randint(0, 2))
        elif part["kind"] not in ("section", "note"):
            typed[part["name"]] = dice.choice(("", *values, "o9") if part["kind"] == "choice" else pools.get(part["kind"], WORDS))
    return typed
