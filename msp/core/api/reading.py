"""The description (OpenAPI) as a page shows it: operations by their tags, and the schemas that they name."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from msp.core.api import examples

Plain = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
# Where the address of the API stands until a request says under which host it is read.
BASE = "https://api.base.invalid"
_FORMATS = {"uuid": "UUID", "date-time": "date-time", "binary": "file", "date": "date"}
# Patterns that a reader takes in better as words.
_PATTERNS = {
    r"(?s)\s*\S": "not blank", r"^[!-~]([ -~]{0,253}[!-~])?$": "1 to 255 characters of ASCII",
    r'^(\*|"[0-9]{1,9}(-[0-9a-f]{16})?")$': "as it was received",
}  # fmt: skip
_AUDIENCES = {"agent": "Agents", "contact": "Contacts", "signed_in": "Agents and contacts", "everyone": "Whoever holds its token"}


@dataclass(frozen=True)
class Field:
    """One member of a body or an answer, or one parameter."""

    name: str
    type: str
    ref: str
    limits: tuple[str, ...]
    choices: tuple[str, ...]
    default: str
    words: str
    is_required: bool
    place: str = ""


@dataclass(frozen=True)
class Shape:
    """A schema with its members."""

    name: str
    fields: tuple[Field, ...]
    is_open: bool = False


@dataclass(frozen=True)
class Answer:
    """What comes back under one status."""

    code: str
    words: str
    ref: str = ""
    content_type: str = ""
    has_etag: bool = False


@dataclass(frozen=True)
class Operation:
    """All that is told of one operation."""

    anchor: str
    method: str
    path: str
    words: str
    audience: str
    scope: str
    permission: str
    parameters: tuple[Field, ...]
    body: Shape | None
    body_type: str
    answers: tuple[Answer, ...]
    problems: tuple[Answer, ...]
    curl: str


@dataclass(frozen=True)
class Tag:
    """The operations of one part of the product."""

    name: str
    words: str
    operations: tuple[Operation, ...]


def anchor(method: str, path: str) -> str:
    """Where an operation stands on the page: `get-tickets-ticket`."""
    return re.sub(r"[^a-z0-9]+", "-", f"{method} {path.removeprefix('/api/v1')}".lower()).strip("-")


def short(path: str) -> str:
    """The path as a list of contents has room for it."""
    return re.sub(r"\{\w+_id\}", "{id}", path.removeprefix("/api/v1"))


def marked(words: str) -> Markup:
    """Text in which names stand between backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words))))  # noqa: S704 - escaped before


def breakable(path: str) -> Markup:
    """A path that may break before its slashes; parameters are marked."""
    text = str(escape(path)).replace("/", "<wbr>/")
    return Markup(re.sub(r"(\{\w+\})", r"<i>\1</i>", text))  # noqa: S704 - escaped before


def tags(document: Plain) -> list[Tag]:
    """Every operation under the first of its tags, the tags in the order of the description."""
    words = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    found: dict[str, list[Operation]] = {name: [] for name in words}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                name = (item[method].get("tags") or ["other"])[0]
                found.setdefault(name, []).append(_operation(method, path, item, document["components"]["schemas"]))
    return [Tag(name, words.get(name, name), tuple(operations)) for name, operations in found.items() if operations]


def shapes(document: Plain) -> list[Shape]:
    """The schemas that a reader comes to by a link: those of answers, and whatever lies in a body or in another schema."""
    schemas = document["components"]["schemas"]
    operations = [item[method] for item in document["paths"].values() for method in METHODS if method in item]
    bodies = {name for _, name in map(_body, operations) if name}
    ahead = _refs([operation["responses"] for operation in operations]) + _refs([schemas[name] for name in bodies])
    linked: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name not in linked:
            linked.add(name)
            ahead += _refs(schemas[name])
    return [shape(name, schemas[name]) for name in sorted(linked)]


def shape(name: str, schema: Plain) -> Shape:
    required = set(schema.get("required", ()))
    fields = sorted(schema.get("properties", {}).items(), key=lambda pair: (pair[0] not in required, pair[0]))
    return Shape(name, tuple(_field(field, each, field in required) for field, each in fields), bool(schema.get("additionalProperties")))


def _operation(method: str, path: str, item: Plain, schemas: Plain) -> Operation:
    operation = item[method]
    parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
    content_type, name = _body(operation)
    inline = operation.get("requestBody", {}).get("content", {}).get(content_type, {}).get("schema", {})
    answers = [_answer(code, each, schemas) for code, each in operation["responses"].items()]
    security = operation.get("security") or [{"token": []}]
    return Operation(
        anchor(method, path), method.upper(), path, operation.get("summary", ""),
        _AUDIENCES.get(operation.get("x-audience", ""), ""), ", ".join(security[0].get("token", ())), operation.get("x-permission", ""),
        tuple(map(_parameter, parameters)),
        shape(name, schemas[name] if name else inline) if content_type else None, content_type,
        tuple(each for each in answers if each.code < "400"), tuple(each for each in answers if each.code >= "400"),
        examples.curl(method, BASE + path, operation, parameters, schemas),
    )  # fmt: skip


def _parameter(each: Plain) -> Field:
    return _field(each["name"], each["schema"], each.get("required", False), each["in"], each.get("description", ""))


def _body(operation: Plain) -> tuple[str, str]:
    """The media type of the request's body and the name of its schema; empty where there is none."""
    for content_type, content in operation.get("requestBody", {}).get("content", {}).items():
        return content_type, content["schema"].get("$ref", "").rpartition("/")[2]
    return "", ""


def _answer(code: str, answer: Plain, schemas: Plain) -> Answer:
    for content_type, content in answer.get("content", {}).items():
        ref = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        has_etag = code < "300" and "version" in schemas.get(ref, {}).get("properties", {})
        return Answer(code, answer.get("description", ""), ref, content_type, has_etag)
    return Answer(code, answer.get("description", ""))


def _field(name: str, schema: Plain, is_required: bool, place: str = "", words: str = "") -> Field:
    kind, ref = _kind(schema)
    items = schema.get("items", {})
    choices = tuple(str(each) for each in schema.get("enum") or items.get("enum") or () if each is not None)
    default = schema.get("default")
    return Field(
        name, kind, ref, tuple(_limits(schema)) + tuple(f"each {limit}" for limit in _limits(items)), choices,
        "" if default in (None, "") else json.dumps(default), words or schema.get("description", ""), is_required, place,
    )  # fmt: skip


def _kind(schema: Plain) -> tuple[str, str]:
    """The type in words, and the schema that it leads to."""
    if "$ref" in schema:
        return "", schema["$ref"].rpartition("/")[2]
    parts = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if parts and "type" not in schema:
        kinds = [_kind(part) for part in parts]
        return " or ".join(words for words, _ in kinds if words), next((ref for _, ref in kinds if ref), "")
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else list(types)
    ref, words = "", []
    for name in names:
        if name == "array":
            inner, ref = _kind(schema.get("items", {}))
            words.append(f"array of {inner}" if inner else "array of")
        elif name != "null":
            words.append(_FORMATS.get(schema.get("format", ""), name))
    return " or ".join(words + (["null"] if "null" in names else [])) or "anything", ref


def _limits(schema: Plain) -> Iterator[str]:
    pairs = (("minLength", "maxLength", "characters"), ("minimum", "maximum", ""), ("minItems", "maxItems", "items"))
    for least, most, unit in pairs:
        low, high = schema.get(least), schema.get(most)
        if low is not None and high is not None:
            yield f"{low:,} to {high:,} {unit}".strip() if low != high else f"{low:,} {unit}".strip()
        elif high is not None:
            yield f"at most {high:,} {unit}".strip()
        elif low is not None and (unit != "characters" or low > 1):
            yield f"at least {low:,} {unit}".strip()
    pattern = schema.get("pattern")
    if pattern:
        yield _PATTERNS.get(pattern, f"matching {pattern}")
    if "x-minimum" in schema:
        yield f"from {schema['x-minimum'][:10]} to {schema['x-maximum'][:10]}"


def _refs(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        own = [part["$ref"].rpartition("/")[2]] if "$ref" in part else []
        return own + [each for value in part.values() for each in _refs(value)]
    return [each for value in part for each in _refs(value)] if isinstance(part, list) else []
