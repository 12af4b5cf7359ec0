"""What pages of either surface draw of a clock: `ui/sla.html`. It answers no address of its own."""

from flask import Blueprint

SURFACE = "both"
BLUEPRINTS = (Blueprint("sla_look", __name__, template_folder="templates"),)
