"""Passwords: hashed with argon2id, refused when an attacker would try them first."""

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from msp.core.errors import FieldError, Invalid

MIN_LENGTH = 10
MAX_LENGTH = 128
MIN_DIFFERENT = 5

# About 50 ms on the reference machine (2 cores). Twice the work that OWASP asks of 19 MiB, and sixteen
# sign-ins at the same moment still fit into 320 MB.
TIME_COST = 4
MEMORY_KIB = 19_456
PARALLELISM = 1
_SALT_BYTES = 16
_HASH_BYTES = 32

_HASHER = PasswordHasher(TIME_COST, MEMORY_KIB, PARALLELISM, _HASH_BYTES, _SALT_BYTES, type=Type.ID)


def _unpadded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


# What an unknown account is checked against: well-formed, the parameters of the day, matched by nothing.
_NOBODY = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}"
    f"${_unpadded(bytes(_SALT_BYTES))}${_unpadded(bytes(_HASH_BYTES))}"
)


class WeakPassword(Invalid):
    """The password may not be used; the error's code says why."""

    code, title = "weak_password", "Choose another password"


class Verdict(NamedTuple):
    """Whether the password is right, and whether its hash was made with older parameters."""

    ok: bool
    needs_rehash: bool = False


def hash_password(password: str) -> str:
    """The argon2id hash to store; whether the password may be used is `check_password`'s question."""
    return _HASHER.hash(_encoded(password))


def verify_password(stored: str | None, password: str) -> Verdict:
    """Compare; an account without a hash (`None`) costs the same work and is never right."""
    # Normalising may shorten a text, but not to a quarter: what is longer is wrong for every account alike.
    checked = stored if stored is not None and len(password) <= 4 * MAX_LENGTH else _NOBODY
    try:
        _HASHER.verify(checked, _encoded(password[: 4 * MAX_LENGTH]))
    except (VerificationError, InvalidHashError):
        return Verdict(ok=False)
    return Verdict(ok=checked is stored, needs_rehash=_HASHER.check_needs_rehash(checked))


def check_password(password: str, *, context: Iterable[str] = ()) -> None:
    """Raise WeakPassword unless it may be used; `context` is what others know of its owner (e-mail, company)."""
    text = _normalised(password)
    if len(text) < MIN_LENGTH:
        raise _weak("too_short", f"Use at least {MIN_LENGTH} characters.")
    if len(text) > MAX_LENGTH:
        raise _weak("too_long", f"Use at most {MAX_LENGTH} characters.")
    folded = text.casefold()
    if len(set(folded)) < MIN_DIFFERENT:
        raise _weak("too_uniform", f"Use at least {MIN_DIFFERENT} different characters.")
    if not _common_passwords().isdisjoint(_stems(folded)):
        raise _weak("too_common", "This is a very common password, or close to one. Try several unrelated words.")
    squeezed = _squeezed(folded)
    if any(word in squeezed for word in _telling_words(context)):
        raise _weak("too_personal", "Leave your name, e-mail address and company out of your password.")


def _weak(reason: str, message: str) -> WeakPassword:
    return WeakPassword(message, errors=[FieldError("/password", reason, message)])


def _normalised(password: str) -> str:
    """One form for what looks the same, however the keyboard composed it."""
    return unicodedata.normalize("NFKC", password)


def _encoded(password: str) -> bytes:
    # A lone surrogate can arrive in JSON; it is odd, but it is the owner's choice.
    return _normalised(password).encode("utf-8", "surrogatepass")


@cache
def _common_passwords() -> frozenset[str]:
    # Imported when first needed: zxcvbn ranks all its dictionaries on import, which no other command should pay for.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _stems(text: str) -> Iterator[str]:
    """The password without what people add to a common one: repetition, punctuation, a number of up to 6 characters."""
    yield text
    yield text[: (text + text).index(text, 1)]
    for decoration in (r"[\W_]+", r"[\W\d_]+"):
        stem = re.sub(rf"^{decoration}|{decoration}$", "", text)
        if len(text) - len(stem) <= 6:
            yield stem


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _telling_words(context: Iterable[str]) -> Iterator[str]:
    """Each name as a whole from 4 characters on, its parts from 5 on: shorter ones occur in innocent words."""
    for name in context:
        local = _normalised(name).casefold().partition("@")[0]
        if len(whole := _squeezed(local)) >= 4:
            yield whole
        yield from (part for part in re.split(r"[\W_]+", local) if len(part) >= 5)
