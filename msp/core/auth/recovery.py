"""Recovery codes: ten of them, shown once, each good for one sign-in without the second factor."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

COUNT = 10
GROUPS, GROUP_LENGTH = 4, 4
# Crockford's base32: no i, l, o, u, so that a code survives being written by hand.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans("ilo", "110")


def new_codes() -> list[str]:
    """Ten codes of 80 random bits, as `xxxx-xxxx-xxxx-xxxx`."""
    return [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
        for _ in range(COUNT)
    ]


def code_hash(code: str) -> str:
    """What is stored of a code; capitals, spaces, dashes and misread letters make no difference."""
    plain = "".join(filter(str.isalnum, code.casefold())).translate(_MISREAD)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def spend(code: str, hashes: Sequence[str]) -> list[str] | None:
    """The hashes that remain once `code` is used, or None if it is none of them.

    The caller holds the row's lock between reading and writing them, so that a code is spent once.
    """
    given = code_hash(code)
    matches = [hmac.compare_digest(given, stored) for stored in hashes]
    if not any(matches):
        return None
    return [stored for stored, hit in zip(hashes, matches, strict=True) if not hit]
