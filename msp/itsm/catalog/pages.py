"""What pages of either surface draw of the catalogue: `catalog/form.html`."""

from flask import Blueprint

from msp.core.web.gates import SIGNED_IN

SURFACE = "both"
blueprint = Blueprint("catalog", __name__, template_folder="templates")
blueprint.gate = SIGNED_IN  # type: ignore[attr-defined]  # read by core.web.gates
BLUEPRINTS = (blueprint,)
