"""The three kinds of definition, each as a form: from content, to content."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from agent_console.editor import calendars, matrices, policies

Form = MultiDict[str, str]
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """How a kind is called and edited. `to_content` takes the form, the content before, and a target's calendar key."""

    name: str
    word: str
    to_form: Callable[[Content], Form]
    to_content: Callable[[Form, Content, str], dict[str, Any]]


KINDS = {
    "policy": Kind(
        "policy",
        "policy",
        policies.to_form,
        lambda form, before, key: policies.to_content(form, before, calendar_key=key),
    ),
    "calendar": Kind("calendar", "calendar", calendars.to_form, lambda form, _, __: calendars.to_content(form)),
    "matrix": Kind("matrix", "priority matrix", matrices.to_form, lambda form, _, __: matrices.to_content(form)),
}
