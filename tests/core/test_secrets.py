"""Encryption at rest: bound to its place, tamper-proof, and rotated without a gap."""

import pytest

from msp.core.secrets import CannotDecrypt, Keyring

OLD, NEW = "old-0123456789-abcdefghijklmnopqrstuvwxyz", "new-0123456789-abcdefghijklmnopqrstuvwxyz"
PLACE = "credential.totp_secret:0192"


@pytest.fixture
def keyring() -> Keyring:
    return Keyring([OLD])


@pytest.mark.parametrize("plain", ["", "JBSWY3DPEHPK3PXP", "Grüße 東京", "x" * 10_000])
def test_there_and_back(keyring: Keyring, plain: str) -> None:
    stored = keyring.encrypt(plain, context=PLACE)
    assert keyring.decrypt(stored, context=PLACE) == plain
    assert not plain or plain not in stored
    assert stored.isascii()
    assert keyring.encrypt(plain, context=PLACE) != stored, "equal secrets must not look equal"


def test_it_is_worthless_in_another_place(keyring: Keyring) -> None:
    stored = keyring.encrypt("secret", context=PLACE)
    with pytest.raises(CannotDecrypt):
        keyring.decrypt(stored, context="credential.totp_secret:0193")


def test_every_changed_character_is_noticed(keyring: Keyring) -> None:
    stored = keyring.encrypt("password", context=PLACE)
    for at, old in enumerate(stored):
        with pytest.raises(CannotDecrypt):
            keyring.decrypt(stored[:at] + ("A" if old != "A" else "B") + stored[at + 1 :], context=PLACE)


@pytest.mark.parametrize("stored", ["", ".", "v1", "v1..", "v1.x.y", "plain text", "v1.é.é", "\ud800", "v2.0.0.0"])
def test_garbage_is_refused(keyring: Keyring, stored: str) -> None:
    with pytest.raises(CannotDecrypt):
        keyring.decrypt(stored, context=PLACE)


def test_a_cut_or_stretched_text_is_refused(keyring: Keyring) -> None:
    stored = keyring.encrypt("secret", context=PLACE)
    for damaged in (stored[:-8], stored[: stored.rindex(".") + 1], stored + "AAAA", stored + ".x", stored + "\n"):
        with pytest.raises(CannotDecrypt):
            keyring.decrypt(damaged, context=PLACE)


def test_rotation() -> None:
    before, during, after = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])
    stored = before.encrypt("secret", context=PLACE)
    assert before.is_current(stored)
    assert not during.is_current(stored)
    assert during.decrypt(stored, context=PLACE) == "secret"
    again = during.encrypt(during.decrypt(stored, context=PLACE), context=PLACE)
    assert during.is_current(again)
    assert after.decrypt(again, context=PLACE) == "secret"
    with pytest.raises(CannotDecrypt):
        after.decrypt(stored, context=PLACE)
    with pytest.raises(CannotDecrypt):
        before.decrypt(again, context=PLACE)


def test_derived_keys() -> None:
    both = Keyring([NEW, OLD])
    assert both.derive("api token") == [*Keyring([NEW]).derive("api token"), *Keyring([OLD]).derive("api token")]
    assert len({*both.derive("api token"), *both.derive("link"), NEW.encode(), OLD.encode()}) == 6
    assert {len(key) for key in both.derive("link")} == {32}


def test_the_derivation_does_not_change() -> None:
    """What is stored must stay readable by every later release."""
    assert Keyring([OLD]).decrypt(FIXED, context=PLACE) == "JBSWY3DPEHPK3PXP"


FIXED = "v1.0b20a519.pR-nJM_tPgDt1JE0kVsWbgKjT0gP3WIGui4gNDJVCYAwJy3PgM7TWT-nbqc="


def test_weak_keys_are_refused() -> None:
    for bad in ([], [""], ["short"], [NEW, "short"]):
        with pytest.raises(ValueError, match="32 characters"):
            Keyring(bad)
