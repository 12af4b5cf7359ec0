"""What every blueprint of the portal shares: for contacts only, with the portal's templates."""

from flask import Blueprint

from msp.core.web.gates import Gate
from tenants.permissions import Permission


def portal_blueprint(name: str) -> Blueprint:
    """A blueprint that lets in people of the client whose host it is."""
    made = Blueprint(name, "portal", template_folder="templates")
    made.gate = Gate("contact", Permission.PORTAL_USE)  # type: ignore[attr-defined]  # read by core.web.gates
    return made
