"""Errors are types with a stable code; `status` is the one table that maps them to HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with the input: a JSON pointer, a stable code and words for a person."""

    pointer: str
    code: str
    message: str


class MspError(Exception):
    """Base of every error that a caller may see."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str | None = None, *, errors: Sequence[FieldError] = (), **details: Any) -> None:
        super().__init__(message or self.title)
        self.message = message or self.title
        self.errors = tuple(errors)
        self.details: Mapping[str, Any] = details

    @property
    def members(self) -> Mapping[str, Any]:
        """What the answer to a program holds beyond code and message."""
        return {}


class BadRequest(MspError):
    code, status, title = "bad_request", 400, "The request cannot be read"


class SignInRequired(MspError):
    code, status, title = "sign_in_required", 401, "Sign in first"


class Forbidden(MspError):
    """The actor may not do this, whatever the row."""

    code, status, title = "forbidden", 403, "You may not do this"

    @property
    def members(self) -> Mapping[str, Any]:
        """The permission by its name, for programs; people read it in words."""
        return {"permission": self.details["permission"]} if self.details.get("permission") else {}


class ReauthenticationRequired(MspError):
    """The act needs a sign-in not older than ten minutes."""

    code, status, title = "reauthentication_required", 403, "Confirm that it is you"


class NotFound(MspError):
    """Absent and invisible look the same."""

    code, status, title = "not_found", 404, "There is nothing here"


class MethodNotAllowed(MspError):
    """The address is known, but not for this method; `allow` names those that it takes."""

    code, status, title = "method_not_allowed", 405, "This address does not take this method"


class Conflict(MspError):
    code, status, title = "conflict", 409, "This does not fit the present state"


class StaleVersion(Conflict):
    """Somebody saved the row since it was read."""

    code, status, title = "stale_version", 412, "Somebody else changed this in the meantime"


class PreconditionRequired(MspError):
    code, status, title = "precondition_required", 428, "Say which version you mean with If-Match"


class TooLarge(MspError):
    code, status, title = "too_large", 413, "This is too large"


class UnsupportedType(MspError):
    code, status, title = "unsupported_type", 415, "This kind of content is not accepted"


class Invalid(MspError):
    """The input was read but does not hold; `errors` say where."""

    code, status, title = "invalid", 422, "Some of this needs another look"

    @classmethod
    def field(cls, pointer: str, message: str, code: str = "invalid") -> "Invalid":
        """The common case: one field, one reason."""
        return cls(message, errors=[FieldError(f"/{pointer.lstrip('/')}", code, message)])


class TooManyRequests(MspError):
    code, status, title = "too_many_requests", 429, "Too many attempts; wait a little"


class Unavailable(MspError):
    code, status, title = "unavailable", 503, "A part of the service is not reachable"


def error_types() -> list[type[MspError]]:
    """Every error type, so that a test can hold the codes unique."""
    found: list[type[MspError]] = []
    queue = [MspError]
    while queue:
        found.append(queue[0])
        queue.extend(queue.pop(0).__subclasses__())
    return found
