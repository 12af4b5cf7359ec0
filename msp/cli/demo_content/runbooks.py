"""Runbooks of the demonstration, and the tickets whose tasks they do. The program that answers is `msp example-endpoint`."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Book:
    """A runbook for all clients, at a path of the example endpoint."""

    name: str
    path: str
    inputs: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ToDo:
    """A task of a plan; `book` names the runbook that does it, `after` the task before it."""

    title: str
    detail: str = ""
    book: str = ""
    after: bool = False


@dataclass(frozen=True)
class Plan:
    """The tasks of a ticket of the demonstration, which is found by its subject."""

    client: str
    subject: str
    tasks: tuple[ToDo, ...] = field(default=())


_PERSON = {"name": "person", "from": "task.detail"}
_CLIENT = {"name": "client", "from": "client.key"}

BOOKS = (
    Book("Password reset", "/password-reset", ({"name": "person", "from": "requester.name"}, {"name": "e_mail", "from": "requester.e_mail"})),
    Book("Joiner", "/joiner", (_PERSON, _CLIENT)),
    Book("Leaver", "/leaver", (_PERSON, _CLIENT, {"name": "manager", "from": "requester.name"})),
)
PLANS = (
    Plan("KEST", "New starter on the twelfth: underwriting analyst", (
        ToDo("Make account and mailbox", "Nora Quill, underwriting analyst", book="Joiner"),
        ToDo("Set the laptop up", "The one that came on Monday.", after=True),
    )),
    Plan("HARB", "Daan Smit leaves on Friday", (
        ToDo("Collect the badge and the hand scanner", "He hands them in at dock 4."),
        ToDo("Close his accounts", "Daan Smit, customs", book="Leaver", after=True),
    )),
)  # fmt: skip
