"""What every blueprint of the console shares: for agents only, with the console's templates."""

from flask import Blueprint

from msp.core.web.gates import Gate
from tenants.permissions import Permission


def console_blueprint(name: str, url_prefix: str | None = None) -> Blueprint:
    """A blueprint that lets in agents who may use the console."""
    made = Blueprint(name, "agent_console", url_prefix=url_prefix, template_folder="templates")
    made.gate = Gate("agent", Permission.CONSOLE_USE)  # type: ignore[attr-defined]  # read by core.web.gates
    return made
