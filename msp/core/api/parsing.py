"""Reading requests: JSON that is whole, of the right type, and holds nothing that the database cannot keep."""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from webargs import core
from webargs.flaskparser import FlaskParser

from msp.core.errors import BadRequest, FieldError, Invalid, UnsupportedType

_CODES = {"Missing data for required field.": "required", "Unknown field.": "unknown", "Field may not be null.": "null"}


class Parser(FlaskParser):
    """Errors are ours; nothing unknown is passed over, wherever it stands."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.RAISE, "query": ma.RAISE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        raw = req.get_data(cache=True)
        if not raw:
            return core.missing
        if not req.is_json:
            raise UnsupportedType("Send the body as application/json.")
        return read_json(raw)

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        for name, value in req.args.items(multi=True):
            refuse_unstorable({name: value})
        refuse_repeated(req, schema)
        return super().load_querystring(req, schema)

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, *, error_status_code: Any, error_headers: Any
    ) -> NoReturn:
        raise Invalid(errors=list(field_errors(error.messages, at_top=True)))


parser = Parser()


def read_json(raw: bytes) -> Any:
    """The value of a JSON text; BadRequest says where it breaks off, Invalid which string cannot be kept."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise BadRequest(f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except UnicodeDecodeError as error:
        raise BadRequest(f"This is not UTF-8: byte {error.start + 1} of the body.") from None
    except RecursionError:
        raise BadRequest("This JSON is nested too deeply.") from None
    except ValueError as error:
        raise BadRequest(f"This is not JSON: {error}.") from None
    refuse_unstorable(value)
    return value


def refuse_unstorable(value: Any) -> None:
    """Raise Invalid for text with a NUL character or half a character: PostgreSQL keeps neither."""
    wrong = [
        FieldError(pointer, "character", "This text holds a character that cannot be stored.")
        for pointer, text in _texts(value, "")
        if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text)
    ]
    if wrong:
        raise Invalid(errors=wrong[:20])


def refuse_repeated(req: Request, schema: ma.Schema) -> None:
    """Raise Invalid for a parameter that is given twice and can be only one: which of the two would count?"""
    lists = {name for name, field in schema.fields.items() if isinstance(field, ma.fields.List)}
    repeated = [name for name, values in req.args.lists() if len(values) > 1 and name not in lists]
    if repeated:
        raise Invalid(errors=[FieldError(f"/{_step(name)}", "repeated", "This is given more than once.") for name in repeated[:20]])


def refuse_any(req: Request) -> None:
    """Raise Invalid for a query where none is known."""
    if req.args:
        raise Invalid(errors=[FieldError(f"/{_step(name)}", "unknown", "Unknown field.") for name in list(req.args)[:20]])


def field_errors(messages: Any, pointer: str = "", *, at_top: bool = False) -> Iterator[FieldError]:
    """Marshmallow's nested messages as JSON pointers with codes; at the top they are named by where they were read."""
    if isinstance(messages, dict):
        for key, value in messages.items():
            is_step = not at_top and key != "_schema"
            yield from field_errors(value, f"{pointer}/{_step(key)}" if is_step else pointer)
    elif isinstance(messages, list):
        for message in messages:
            yield from field_errors(message, pointer)
    else:
        yield FieldError(pointer, _CODES.get(str(messages), "invalid"), str(messages))


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield pointer, key
            yield from _texts(item, f"{pointer}/{_step(key)}")


def _step(key: Any) -> str:
    """A key as a part of a pointer (RFC 6901), without what no header or answer may hold."""
    text = str(key).encode("utf-8", "replace").decode("utf-8").replace("\x00", "?")
    return text.replace("~", "~0").replace("/", "~1")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object as it stands; one with a name twice would mean something else to each reader."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{json.dumps(twice)} is given twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
