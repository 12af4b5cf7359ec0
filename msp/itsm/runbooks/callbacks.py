"""The token with which a runbook says how a run went: signed by us, good for this one run until its result is there."""

from datetime import datetime
from uuid import UUID

from msp.core.app import settings
from msp.core.auth import tokens
from msp.core.auth.tokens import SignatureRefused
from msp.core.errors import Forbidden
from msp.core.secrets import Keyring

PURPOSE = "runbook-result"
LONGEST_SECONDS = 8 * 24 * 3600  # the longest time that a result may take, and a day


class RunTokenRefused(Forbidden):
    """Forged, too old, or of another run: the holder is not told which."""

    code, title = "run_token_refused", "This token is not valid for this run"


def token_of(run_id: UUID, tenant_id: UUID, *, now: datetime) -> str:
    """The token that goes out with a call."""
    return tokens.sign([str(run_id), str(tenant_id)], purpose=PURPOSE, keys=_keys(), now=now)


def client_of(token: str, run_id: UUID, *, now: datetime) -> UUID:
    """The client of the run that the token was made for; RunTokenRefused for anything else."""
    try:
        said = tokens.read_signed(token, purpose=PURPOSE, max_age_seconds=LONGEST_SECONDS, keys=_keys(), now=now)
    except SignatureRefused:
        raise RunTokenRefused from None
    if said[0] != str(run_id):
        raise RunTokenRefused
    return UUID(said[1])


def url_of(run_id: UUID) -> str:
    """Where the result is sent to."""
    return settings().console_url(f"/api/v1/runbook-runs/{run_id}/result")


def _keys() -> list[bytes]:
    return Keyring(settings().secret_keys).derive(PURPOSE)
