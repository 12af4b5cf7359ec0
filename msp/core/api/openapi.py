"""The description of the API (OpenAPI 3.1), completed with what every operation has.

`python -m msp.core.api.openapi` writes it to `docs/openapi.json`.
"""

import copy
import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask

from msp.core import features
from msp.core.api.schemas import Problem
from msp.core.web.gates import Who

FILE = Path(__file__).parents[3] / "docs" / "openapi.json"

_SAFE = frozenset({"get", "head", "options"})
_WORDS = {
    400: "The request cannot be read", 401: "No valid token", 403: "Not allowed", 404: "Not there, or not yours to see",
    409: "Does not fit the present state", 412: "Changed in the meantime", 413: "Too large", 415: "Not a JSON body",
    422: "Read, but does not hold", 428: "If-Match is missing", 429: "Too many calls",
}  # fmt: skip

_TAG = r'^(\*|"[0-9]{1,9}(-[0-9a-f]{16})?")$'
_KEY = r"^[!-~]([ -~]{0,253}[!-~])?$"
_ONE_FILE = {
    "type": "object", "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}},
}  # fmt: skip


class Right(NamedTuple):
    """A permission seen from outside: the token's scope that holds it, and who can have it at all."""

    scope: str
    audience: Who


def document(api: Any) -> dict[str, Any]:
    """The whole description as plain data of its own."""
    spec: dict[str, Any] = copy.deepcopy(api.spec.to_dict())
    components = spec.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    components.pop("responses", None)
    components.pop("headers", None)
    spec["security"] = [{"token": []}]
    for path in spec["paths"].values():
        for method, operation in path.items():
            if method != "parameters":
                _complete(method, operation)
                _say_who(operation, api.rights)
    for tag in spec.get("tags", ()):
        tag["name"] = tag["name"].removeprefix("api_")
    return spec


def register(api: Any) -> None:
    """Put the error's schema among the components, once."""
    if "Problem" not in api.spec.components.schemas:
        api.spec.components.schema("Problem", schema=Problem)


def _complete(method: str, operation: dict[str, Any]) -> None:
    marks = {name: operation.pop(name, False) for name in ("x-if-match", "x-idempotent", "x-etag", "x-upload")}
    operation["tags"] = [tag.removeprefix("api_") for tag in operation.get("tags", ())]
    parameters = operation.setdefault("parameters", [])
    responses = operation["responses"]
    codes = {400, 401, 403, 404, 422, 429}
    if method not in _SAFE:
        codes |= {409, 413, 415}
    if marks["x-if-match"]:
        codes |= {412, 428}
        parameters.append(_header("If-Match", "The ETag of what is changed, or `*`", _TAG, required=True))
    if marks["x-idempotent"]:
        parameters.append(_header("Idempotency-Key", "Repeating the request under it does nothing twice", _KEY, required=False))
    if marks["x-upload"]:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _ONE_FILE}}}
    if marks["x-etag"] and method == "get":
        responses["304"] = {"description": "Not changed since the ETag in If-None-Match"}
    for code in codes:
        responses[str(code)] = {
            "description": _WORDS[code],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    operation["responses"] = dict(sorted(responses.items()))
    operation["responses"].pop("default", None)


def _say_who(operation: dict[str, Any], rights: Mapping[str, Right]) -> None:
    """The scope that a token must have, as OpenAPI names it, and whose token that can be; the permission stays as `x-permission`."""
    if operation.get("x-audience") == "everyone":
        operation["security"] = []
    right = rights.get(operation.get("x-permission", ""))
    if right is not None:
        operation["security"] = [{"token": [right.scope]}]
        if operation["x-audience"] == "signed_in":
            operation["x-audience"] = right.audience


def _header(name: str, words: str, pattern: str, *, required: bool) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": required, "description": words, "schema": {"type": "string", "pattern": pattern}}


def written() -> str:
    """The description of all features as the file holds it; needs no database."""
    # The composition root stands above this package: asked for by name, and only where the whole product is described.
    packages = import_module("msp.wsgi").FEATURES
    setup = import_module("msp.core.api.setup")
    api = setup.described(Flask("openapi"), features.parts("api", packages))
    return json.dumps(document(api), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(written())
