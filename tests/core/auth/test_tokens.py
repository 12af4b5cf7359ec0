"""Tokens are long and stored hashed; signed messages are bound to purpose, key and time."""

from datetime import UTC, datetime, timedelta

import pytest

from msp.core.auth import tokens
from msp.core.auth.tokens import SignatureRefused

NOW = datetime(2027, 3, 31, 9, 44, tzinfo=UTC)
KEY, OLD_KEY = b"n" * 32, b"o" * 32


def sign(payload: object, *, keys: tuple[bytes, ...] = (KEY,)) -> str:
    return tokens.sign(payload, purpose="stream", keys=keys, now=NOW)


def read(
    text: str, *, purpose: str = "stream", keys: tuple[bytes, ...] = (KEY,), after: timedelta = timedelta()
) -> object:
    return tokens.read_signed(text, purpose=purpose, max_age_seconds=60, keys=keys, now=NOW + after)


def test_tokens_are_long_url_safe_and_different() -> None:
    made = {tokens.new_token(tokens.API_TOKEN_PREFIX) for _ in range(200)}
    assert len(made) == 200
    for token in made:
        assert token.startswith("msp_")
        body = token.removeprefix("msp_")
        assert len(body) >= 43
        assert body.replace("-", "").replace("_", "").isalnum()


def test_hashes() -> None:
    assert tokens.token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    # Test case 2 of RFC 4231.
    assert tokens.keyed_hash("what do ya want for nothing?", key=b"Jefe") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert tokens.keyed_hashes("abc", keys=[KEY, OLD_KEY]) == [
        tokens.keyed_hash("abc", key=KEY), tokens.keyed_hash("abc", key=OLD_KEY)
    ]
    assert len(tokens.token_hash("\ud800")) == 64


def test_comparison() -> None:
    assert tokens.is_same("ä", "ä")
    assert not tokens.is_same("a", "b")
    assert not tokens.is_same("a", "aa")


def test_a_signed_message_comes_back() -> None:
    payload = {"session": "s1", "channels": ["staff"]}
    assert read(sign(payload)) == payload
    assert read(sign(payload), after=timedelta(seconds=60)) == payload


@pytest.mark.parametrize("after", [timedelta(seconds=61), timedelta(days=400), timedelta(seconds=-5)])
def test_a_signed_message_expires(after: timedelta) -> None:
    with pytest.raises(SignatureRefused):
        read(sign("x"), after=after)


def test_a_signed_message_is_bound_to_purpose_and_key() -> None:
    text = sign("x")
    with pytest.raises(SignatureRefused):
        read(text, purpose="survey")
    with pytest.raises(SignatureRefused):
        read(text, keys=(OLD_KEY,))


def test_every_changed_character_is_noticed() -> None:
    text = sign({"person": 7})
    for at, old in enumerate(text[:-1]):
        with pytest.raises(SignatureRefused):
            read(text[:at] + ("A" if old != "A" else "B") + text[at + 1 :])


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é", "\ud800", "x" * 10_000])
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(SignatureRefused):
        read(text)


def test_after_a_rotation_old_messages_are_read_and_new_ones_use_the_new_key() -> None:
    assert read(sign("x", keys=(OLD_KEY,)), keys=(KEY, OLD_KEY)) == "x"
    assert read(sign("x", keys=(KEY, OLD_KEY)), keys=(KEY,)) == "x"
