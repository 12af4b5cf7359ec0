"""What a runbook says in the end, in its answer or when it calls back: finished or failed, in words, with what came out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["finished", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("finished", "failed")
MOST_WORDS, MOST_OUTPUTS, MOST_NAME, MOST_VALUE = 1000, 30, 60, 1000


class Unreadable(ValueError):
    """It says an outcome, but not in the form that was agreed; the words say what is wrong."""


@dataclass(frozen=True)
class Result:
    """How it went. `outputs` are short texts by name, which agents read."""

    outcome: Outcome
    words: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)


def read(given: Mapping[str, Any]) -> Result:
    """The result in a JSON object; Unreadable where it is none."""
    outcome, words, outputs = given.get("outcome"), given.get("message", ""), given.get("outputs", {})
    if outcome not in OUTCOMES:
        raise Unreadable("outcome is finished or failed")
    if not isinstance(words, str) or len(words) > MOST_WORDS:
        raise Unreadable(f"message is a text of at most {MOST_WORDS} characters")
    if not isinstance(outputs, Mapping) or len(outputs) > MOST_OUTPUTS or not all(map(_is_output, outputs.items())):
        raise Unreadable(f"outputs are at most {MOST_OUTPUTS} texts, each of at most {MOST_VALUE} characters")
    clean = {str(name): str(value).replace("\0", "") for name, value in outputs.items()}
    return Result(outcome, words.replace("\0", "").strip(), clean)


def in_answer(body: bytes) -> Result | None:
    """The result that an answer carries already; None where it says nothing of an outcome, so that it is still to come."""
    try:
        given = json.loads(body)
    except ValueError:
        return None
    return read(given) if isinstance(given, dict) and "outcome" in given else None


def _is_output(pair: tuple[Any, Any]) -> bool:
    name, value = pair
    return isinstance(name, str) and 1 <= len(name) <= MOST_NAME and isinstance(value, str) and len(value) <= MOST_VALUE
