"""Recovery codes: readable, hashed, spent once."""

from msp.core.auth import recovery


def test_codes_are_ten_and_different() -> None:
    codes = recovery.new_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
        assert set(code) <= set(recovery.ALPHABET + "-")


def test_a_code_is_spent_once() -> None:
    codes = recovery.new_codes()
    stored = [recovery.code_hash(code) for code in codes]
    assert not any(code in "".join(stored) for code in codes)
    remaining = recovery.spend(codes[3], stored)
    assert remaining is not None
    assert remaining == stored[:3] + stored[4:]
    assert recovery.spend(codes[3], remaining) is None
    assert recovery.spend(codes[4], remaining) is not None


def test_a_wrong_code_spends_nothing() -> None:
    stored = [recovery.code_hash(code) for code in recovery.new_codes()]
    for wrong in ("", "0000-0000-0000-0000", stored[0], "\ud800"):
        assert recovery.spend(wrong, stored) is None


def test_handwriting_is_forgiven() -> None:
    stored = [recovery.code_hash("0a1b-2c3d-4e5f-6g7h")]
    for typed in ("0A1B-2C3D-4E5F-6G7H", "oaLb 2c3d 4e5f 6g7h", " Oaib2c3d4e5f6g7h "):
        assert recovery.spend(typed, stored) == []
