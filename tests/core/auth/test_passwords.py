"""Passwords: what is refused, what is kept, and that an unknown account costs the same."""

import time
import unicodedata
from statistics import median

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.core.auth import passwords
from msp.core.auth.passwords import WeakPassword, check_password, hash_password, verify_password
from msp.core.errors import FieldError

GOOD = "correct horse battery staple"
CONTEXT = ["a.hart@northwind.example", "Northwind Dental"]


def reason(password: str, context: list[str] = CONTEXT) -> str | None:
    try:
        check_password(password, context=context)
    except WeakPassword as error:
        return error.errors[0].code
    return None


def test_a_refusal_names_the_field_and_the_reason() -> None:
    with pytest.raises(WeakPassword) as caught:
        check_password("short")
    assert caught.value.status == 422
    assert caught.value.errors == (FieldError("/password", "too_short", "Use at least 10 characters."),)


def test_right_and_wrong_passwords() -> None:
    stored = hash_password(GOOD)
    assert stored.startswith("$argon2id$")
    assert verify_password(stored, GOOD) == (True, False)
    assert verify_password(stored, GOOD + " ") == (False, False)
    assert verify_password(stored, "") == (False, False)
    assert hash_password(GOOD) != stored


def test_an_account_without_a_hash_is_never_right() -> None:
    for password in ("", GOOD, "\x00" * 32, "x" * 100_000):
        assert verify_password(None, password) == (False, False)


def test_a_damaged_hash_is_never_right() -> None:
    assert verify_password("$argon2id$v=19$nonsense", GOOD) == (False, False)
    assert verify_password("", GOOD) == (False, False)


def test_a_hash_of_older_parameters_asks_to_be_made_again() -> None:
    older = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    assert verify_password(older, GOOD) == (True, True)
    assert verify_password(older, "something else") == (False, False)


def test_an_unknown_account_costs_the_same_work() -> None:
    stored = hash_password(GOOD)
    known: list[float] = []
    unknown: list[float] = []
    for _ in range(7):
        for hash_, times in ((stored, known), (None, unknown)):
            started = time.perf_counter()
            verify_password(hash_, "not the password")
            times.append(time.perf_counter() - started)
    assert 0.5 < median(unknown) / median(known) < 2
    assert median(unknown) > 0.005


def test_the_same_text_is_the_same_password_however_it_was_composed() -> None:
    composed, decomposed = "Grüße aus Málaga", unicodedata.normalize("NFD", "Grüße aus Málaga")
    assert composed != decomposed
    assert verify_password(hash_password(decomposed), composed).ok
    assert verify_password(hash_password("\uff11\uff12\uff13\uff14567890ab"), "1234567890ab").ok


@pytest.mark.parametrize(
    "password",
    [GOOD, "schöne Grüße aus 東京", "пароль длинный и свой", "🦊🐻🐼🦁🐯🐨🐸🐵🐔🐧", "x7" + "\ud800" * 5 + "klmno"],
)
def test_any_script_is_welcome(password: str) -> None:
    assert reason(password) is None
    assert verify_password(hash_password(password), password).ok


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", "too_short"),
        ("k3#xVq!z9", "too_short"),
        ("e\u0301" * 9, "too_short"),
        ("k3#xVq!z9w", None),
        ("ab cdef gh" * 12 + "kjhlkjhl", None),
        ("ab cdef gh" * 12 + "kjhlkjhlx", "too_long"),
        ("\ufdfa" * 10, "too_long"),
        ("aaaaaaaaaaaaa", "too_uniform"),
        ("abababababab", "too_uniform"),
        ("qwertyuiop", "too_common"),
        ("QwertyUIOP", "too_common"),
        ("Password2026!", "too_common"),
        ("passwordpassword", "too_common"),
        ("!!!sunshine!!!", "too_common"),
        ("1q2w3e4r5t..", "too_common"),
        ("sunshine over 9 hills", None),
        ("my name is a.hart", "too_personal"),
        ("northwind-4711", "too_personal"),
        ("North Wind Dental 7", "too_personal"),
        ("NORTHWINDDENTAL", "too_personal"),
        ("hartebeest runs", None),
    ],
)
def test_policy(password: str, expected: str | None) -> None:
    assert reason(password) == expected


def test_short_names_do_not_forbid_ordinary_words() -> None:
    assert reason("jolly tall giraffes", ["jo@al.example", "AL"]) is None


def test_the_list_of_common_passwords_is_there() -> None:
    assert len(passwords._common_passwords()) > 20_000


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(max_size=30), max_size=3))
def test_every_text_gets_an_answer(password: str, context: list[str]) -> None:
    assert reason(password, context) in {None, "too_short", "too_long", "too_uniform", "too_common", "too_personal"}
