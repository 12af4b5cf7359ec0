"""One answer: from what was typed to what is kept. `request-form.js` reads fields by the same rules."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from msp.itsm.catalog.forms.definition import FOUND, Part
from msp.itsm.catalog.forms.words import day_words, number_words

NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,3})?")  # fifteen digits: what a double holds exactly, here and in a browser
DAY = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
UNKEPT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
BLANK = " \t\r\n"  # spelt out, since languages differ in what they call white space
LONGEST = {"text": 300, "long_text": 10_000}
MOST_FILES = 20

Allowed = Callable[[str], Mapping[str, str]]
Read = tuple[Any, str]  # the value, None where it cannot be one; what is wrong with it


class Missing(Exception):
    """Nothing was answered."""


def value_of(part: Part, raw: Any, seen: Mapping[str, Any], allowed: Allowed, earliest: Callable[[int], date] | None) -> Read:
    """The value of one shown field and what is wrong with it; Missing where there is none."""
    if part.kind == "multi_choice":
        return _many(part, raw, seen)
    if part.kind == "file":
        return _files(part, raw, allowed)
    if isinstance(raw, int | float) and not isinstance(raw, bool) and part.kind == "number":
        raw = str(raw) if abs(raw) < 1e12 else "too large"
    if raw is None or raw == "":
        raise Missing
    if not isinstance(raw, str):
        return None, "This is not an answer of the right kind"
    text = raw.replace("\r\n", "\n").strip(BLANK)
    if not text:
        raise Missing
    if part.kind == "choice":
        return _one(part, text, seen)
    if part.kind in FOUND:
        return (text, "") if text in allowed(part.kind) else (None, "This is not among what you can choose")
    if part.kind == "number":
        return _number(part, text)
    return _day(part, text, earliest) if part.kind == "date" else _text(part, text)


def options_for(part: Part, seen: Mapping[str, Any]) -> set[str]:
    """The values that may be picked, given the answers above."""
    narrowed = part.options_by.of(seen.get(part.options_by.field)) if part.options_by else None
    return {option.value for option in part.options} if narrowed is None else set(narrowed)


def _text(part: Part, text: str) -> Read:
    longest = int(min(part.maximum or LONGEST[part.kind], LONGEST[part.kind]))
    if UNKEPT.search(text):
        return None, "This holds characters that cannot be kept"
    if len(text) > longest:
        return text[:longest], f"At most {longest:,} characters; this is {len(text):,}"
    if part.minimum is not None and len(text) < part.minimum:
        return text, f"At least {part.minimum} characters"
    return text, ""


def _number(part: Part, text: str) -> Read:
    if not NUMBER.fullmatch(text):
        return None, "Write a number, like 12 or 12.5"
    value = float(text) if "." in text else int(text)
    if value == int(value):
        value = int(value)
    if part.minimum is not None and value < part.minimum:
        return value, f"{number_words(part.minimum)} or more"
    if part.maximum is not None and value > part.maximum:
        return value, f"{number_words(part.maximum)} or less"
    return value, ""


def _day(part: Part, text: str, earliest: Callable[[int], date] | None) -> Read:
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        return None, "Write a date as year-month-day, like 2027-04-07"
    if part.minimum is not None and earliest is not None and day < (first := earliest(int(part.minimum))):
        notice = f"we need {part.minimum} working day{'s' if part.minimum != 1 else ''}" if part.minimum else "that day is over"
        return text, f"Choose {day_words(first.isoformat())} or later: {notice}"
    return text, ""


def _one(part: Part, text: str, seen: Mapping[str, Any]) -> Read:
    if text in options_for(part, seen):
        return text, ""
    option = part.option(text)
    return None, f"“{option.label}” does not go with your other answers" if option else "This is not among what you can choose"


def _listed(raw: Any) -> list[Any]:
    if raw is None or raw == "" or raw == [] or raw == ():
        raise Missing
    return [each for each in (raw if isinstance(raw, list | tuple) else [raw]) if each != ""]


def _many(part: Part, raw: Any, seen: Mapping[str, Any]) -> Read:
    sent = _listed(raw)
    allowed = options_for(part, seen)
    picked = [option.value for option in part.options if option.value in allowed and option.value in sent]
    strange = [each for each in sent if each not in picked]
    if strange:
        option = part.option(strange[0])
        words = f"“{option.label}” does not go with your other answers" if option else "This is not among what you can choose"
        return picked or None, words
    if not picked:
        raise Missing
    if part.minimum is not None and len(picked) < part.minimum:
        return picked, f"Choose at least {part.minimum}"
    if part.maximum is not None and len(picked) > part.maximum:
        return picked, f"Choose at most {part.maximum}"
    return picked, ""


def _files(part: Part, raw: Any, allowed: Allowed) -> Read:
    sent = _listed(raw)
    if not sent:
        raise Missing
    known = allowed("file")
    most = int(min(part.maximum or MOST_FILES, MOST_FILES))
    if len(sent) > MOST_FILES or not all(isinstance(each, str) and each in known for each in sent):
        return None, f"At most {most} files" if len(sent) > MOST_FILES else "Send this file again"
    ids = list(dict.fromkeys(sent))
    if len(ids) > most:
        return ids, f"At most {most} files"
    if part.minimum is not None and len(ids) < part.minimum:
        return ids, f"At least {part.minimum} files"
    return ids, ""
