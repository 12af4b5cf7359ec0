"""Second factor by time-based codes (RFC 6238): SHA-1, six digits, thirty seconds, as every authenticator expects."""

import hmac
import io
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
DIGITS = 6
WINDOW = 1


def new_secret() -> str:
    """160 random bits in base32; stored encrypted, shown once."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """The `otpauth://` address that an authenticator reads from the QR code."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=account, issuer_name=issuer)


def qr_svg(uri: str, *, title: str) -> str:
    """The address as an SVG element; its own white ground serves dark pages, no style attribute the CSP."""
    out = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, title=title, omitsize=True, border=4, dark="#000", light="#fff",
        svgclass="qr", lineclass=None,
    )
    return out.getvalue().decode().replace("<svg ", '<svg role="img" ', 1)


def verify(secret: str, code: str, *, last_step: int | None, now: datetime) -> int | None:
    """The accepted time step, or None.

    A step counts once: the caller stores what is returned as the new `last_step`, by an UPDATE that still demands
    a smaller one, so that the same code sent twice at the same moment is accepted once.
    """
    digits = "".join(code.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    generator = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    accepted = None
    # All steps are compared, in order, so that the time taken says nothing and the latest match is kept.
    for step in range(current - WINDOW, current + WINDOW + 1):
        matches = hmac.compare_digest(generator.generate_otp(step), digits)
        if matches and (last_step is None or step > last_step):
            accepted = step
    return accepted
