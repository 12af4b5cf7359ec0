"""Bodies for the API, read off each operation's own schema: whole and valid, so that only the id can be refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from marshmallow import Schema, fields, validate

from msp.prove.kinds import Chosen

_DAY = [["09:00", "17:00"]]
_CELLS = {impact: dict.fromkeys("123", 3) for impact in "123"}
_WORDS: dict[str, Any] = {
    "cells": _CELLS, "time_zone": "Europe/London", "tz": "Europe/London", "e_mail": "new@proof.example", "phone": "+44 20 7946 0000",
    "hours": {"mon": _DAY}, "holidays": [], "yearly": [], "overrides": {}, "conditions": {"channel": "phone"}, "steps": {},
    "pause_states": ["waiting_for_client"], "reopening": "continue", "at_risk_percent": 80, "ends_at": "2027-03-02T10:00:00Z",
    "rule": "FREQ=DAILY", "after": [], "price_once": "980.00", "price_monthly": "12.00", "currency": "GBP",
}  # fmt: skip
_BY_KIND: tuple[tuple[type, Any], ...] = (
    (fields.Boolean, True), (fields.Integer, 2), (fields.Time, "09:00"), (fields.Date, "2027-03-01"),
    (fields.DateTime, "2027-03-01T10:00:00Z"), (fields.Dict, {}),
)  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """What one operation of the API takes: the schema of its body and that of its query."""

    body: type[Schema] | None
    query: type[Schema] | None


def operation(app: Flask, endpoint: str) -> Operation | None:
    """The schemas of an endpoint; None where it is none of the API's."""
    described = getattr(app.view_functions[endpoint], "_apidoc", None)
    if described is None or not endpoint.startswith("api_"):
        return None
    found = {part["in"]: part["schema"] for part in described.get("arguments", {}).get("parameters", ())}
    return Operation(found.get("json"), found.get("query"))


def bodies(schema: type[Schema], own: Chosen) -> Iterator[dict[str, Any]]:
    """Bodies that hold: with every field, with the required ones, and with each of the others alone beside these."""
    whole = {name: _value(name, field, own) for name, field in _fields(schema).items()}
    whole = {name: value for name, value in whole.items() if value is not None}
    needed = {name: value for name, value in whole.items() if _fields(schema)[name].required or name == "tenant_id"}
    yield whole
    if needed != whole:
        yield needed
    for name, value in whole.items():
        if name not in needed:
            yield needed | {name: value}
    if {"tenant_id", "requester_id"} <= set(needed) and (elsewhere := own("elsewhere")):
        yield needed | {"tenant_id": str(elsewhere), "requester_id": str(own("newcomer"))}


def choices(schema: type[Schema], own: Chosen) -> Iterator[dict[str, Any]]:
    """The required fields with each word that one of them allows, for a state may forbid the first."""
    needed = next(iter(bodies(schema, own)))
    for name, field in _fields(schema).items():
        if field.required and (words := _allowed(field)):
            for word in words:
                yield {key: value for key, value in needed.items() if _fields(schema)[key].required} | {name: word, **_reason(schema)}


def id_fields(schema: type[Schema]) -> list[str]:
    """Names of the fields that carry ids, alone or in lists."""
    return [name for name, field in _fields(schema).items() if _holds_ids(field)]


def with_id(schema: type[Schema], own: Chosen, name: str, id: UUID) -> Iterator[dict[str, Any]]:
    """A body that holds but for one id: among all fields, and beside the required ones alone."""
    value = [str(id)] if isinstance(_fields(schema)[name], fields.List) else str(id)
    made = list(bodies(schema, own))
    for body in made[:2]:
        yield body | {name: value}


def _fields(schema: type[Schema]) -> dict[str, fields.Field[Any]]:
    return {name: field for name, field in schema._declared_fields.items() if not field.dump_only}


def _holds_ids(field: Any) -> bool:
    return isinstance(field, fields.UUID) or (isinstance(field, fields.List) and isinstance(field.inner, fields.UUID))


def _value(name: str, field: Any, own: Chosen) -> Any:
    if (known := _known(name, own)) is not None:
        return known
    if _holds_ids(field):
        id = own(name)
        return None if id is None else [str(id)] if isinstance(field, fields.List) else str(id)
    if "example" in field.metadata:
        return field.metadata["example"]
    if words := _allowed(field):
        return words[0]
    if isinstance(field, fields.Nested):
        return next(bodies(field.schema.__class__, own))
    if isinstance(field, fields.List):
        inner = _value(name, field.inner, own)
        return [] if inner is None else [inner]
    if isinstance(field, fields.DateTime) and name.startswith("end"):
        return "2027-03-02T10:00:00Z"
    return next((value for kind, value in _BY_KIND if isinstance(field, kind)), "proof")


def _known(name: str, own: Chosen) -> Any:
    """What a field of this name holds wherever it occurs."""
    if name == "targets":
        return {"P1": {"resolution": {"minutes": 240, "calendar_id": str(own("calendar_definition"))}}}
    return _WORDS.get(name)


def _allowed(field: Any) -> list[Any]:
    """The values that alone are good; a field that takes none but None is left out."""
    rules = field.validators if hasattr(field, "validators") else ()
    if same := [rule.comparable for rule in rules if isinstance(rule, validate.Equal)]:
        return same
    return next((list(rule.choices) for rule in rules if isinstance(rule, validate.OneOf)), [])


def _reason(schema: type[Schema]) -> dict[str, str]:
    return {"reason": "proof"} if "reason" in _fields(schema) else {}
