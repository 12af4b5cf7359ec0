"""A call of each operation as somebody would type it: every value holds by the description."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

Plain = Mapping[str, Any]

SOME_ID = "01a20d56-1616-72f6-8f1d-cc2a766635f5"
SOME_INSTANT = "2026-12-01T09:00:00Z"
# What stands for a name wherever it occurs; anything else is made from its type.
_VALUES: dict[str, Any] = {
    "ticket": "NWD-7", "kind": "resolution", "number": 1, "subject": "The scanner is offline", "body": "Since noon, at both desks.",
    "name": "Ada Byron", "title": "The print server restarts at noon", "e_mail": "ada@example.org", "time_zone": "Europe/London",
    "tz": "Europe/London", "key": "NWD", "reason": "Asked which scanner it is", "note": "Agreed on 20 November", "tags": ["scanner"],
    "then": "waiting_for_client", "to": "waiting_for_client", "url": "https://example.org/hook", "urgency": 1,
    "roles": ["agent"], "targets": {"P1": {"resolution": {"minutes": 240, "calendar_id": SOME_ID}}},
}  # fmt: skip
_OF_PATHS = {"/teams": "Field service", "/sites": "Leeds", "/tenants": "Northwind", "/calendars": "Office hours", "/policies": "Gold"}
_QUERIES = {"q": "is:open sort:due", "limit": 2}
# Optional, as a contact has but one client; an agent must say which.
_WHOSE = "tenant_id"
# An optional field worth showing where nothing is required.
_TELLING = ("urgency", "name", "title", "assignee_id", "contact_id", "status", "is_active")


def value(schema: Plain, schemas: Plain, name: str = "", depth: int = 0) -> Any:
    """Something that the schema allows."""
    if "$ref" in schema and "example" not in schema:
        return value(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, depth)
    if (parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")) and "type" not in schema:
        return value(parts[0], schemas, name, depth)
    choices = schema.get("enum")
    if name in _VALUES and (not choices or _VALUES[name] in choices) and _fits(_VALUES[name], schema):
        return _VALUES[name]
    if "example" in schema:
        return schema["example"]
    if choices:
        return choices[0]
    return _by_type(schema, schemas, name, depth)


def body(schema: Plain, schemas: Plain, path: str) -> Any:
    """A short body: what is required, or one thing that tells what the operation is for."""
    made = value(schema, schemas)
    if isinstance(made, dict) and "name" in made:
        made["name"] = next((name for part, name in _OF_PATHS.items() if path.endswith(part)), made["name"])
    return made


def curl(method: str, url: str, operation: Plain, parameters: list[Plain], schemas: Plain) -> str:
    """The call on the command line of a shell; the token lies in TOKEN, the version that was read in ETAG."""
    target, query = url, {}
    for each in parameters:
        if each["in"] == "path":
            target = target.replace(f"{{{each['name']}}}", str(value(each["schema"], schemas, each["name"])))
        elif each["in"] == "query" and (each.get("required") or each["name"] in (*_QUERIES, _WHOSE)):
            query[each["name"]] = _QUERIES.get(each["name"]) or value(each["schema"], schemas, each["name"])
    address = f'"{target}{"?" + urlencode(query) if query else ""}"'
    lines = [f"curl {address}"] if method in ("get", "post") else [f"curl -X {method.upper()}", address]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    headers = {each["name"] for each in parameters if each["in"] == "header"}
    lines += ['-H "If-Match: $ETAG"'] if "If-Match" in headers else []
    lines += ['-H "Idempotency-Key: $(uuidgen)"'] if "Idempotency-Key" in headers else []
    contents = operation.get("requestBody", {}).get("content", {})
    if "application/json" in contents:
        text = json.dumps(body(contents["application/json"]["schema"], schemas, url), indent=2, ensure_ascii=False)
        text = text.replace("\n", "\n  ") if len(text) > 60 else json.dumps(json.loads(text), ensure_ascii=False)
        lines += ['-H "Content-Type: application/json"', f"-d '{text.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'"]
    elif contents:
        lines.append('-F "file=@report.pdf"')
    elif method == "post":
        lines[:1] = ["curl -X POST", address]
    answers = [kind for code, answer in operation["responses"].items() if code < "300" for kind in answer.get("content", {})]
    lines += ["-OJ"] if "application/octet-stream" in answers else []
    return " \\\n  ".join(lines)


def _by_type(schema: Plain, schemas: Plain, name: str, depth: int) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        return _thing(schema, schemas, depth)
    if kind == "array":
        return [value(schema.get("items", {}), schemas, name.removesuffix("s"), depth + 1)] if depth < 3 else []
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if schema.get("format") == "uuid":
        return SOME_ID
    if schema.get("format") == "date-time":
        return SOME_INSTANT
    if schema.get("format") == "date":
        return SOME_INSTANT[:10]
    return "example"[: schema.get("maxLength", 7)].ljust(schema.get("minLength", 0), "x")


def _thing(schema: Plain, schemas: Plain, depth: int) -> dict[str, Any]:
    fields = schema.get("properties", {})
    wanted = list(schema.get("required", ()))
    if not wanted and fields and depth == 0:
        wanted = [next((name for name in _TELLING if name in fields), next(iter(fields)))]
    if depth == 0 and _WHOSE in fields and _WHOSE not in wanted:
        wanted.append(_WHOSE)
    return {name: value(fields[name], schemas, name, depth + 1) for name in wanted}


def _fits(found: Any, schema: Plain) -> bool:
    kinds = schema.get("type", "object")
    names = {str: "string", int: "integer", list: "array", dict: "object"}
    is_number_in_range = not isinstance(found, int) or schema.get("minimum", found) <= found <= schema.get("maximum", found)
    is_short_enough = not isinstance(found, str) or ("format" not in schema and len(found) <= schema.get("maxLength", len(found)))
    return names[type(found)] in ([kinds] if isinstance(kinds, str) else kinds) and is_number_in_range and is_short_enough
