"""What pages of either surface draw of an approval: `approvals/parts.html`. It answers no address of its own."""

from flask import Blueprint

SURFACE = "both"
BLUEPRINTS = (Blueprint("approvals_look", __name__, template_folder="templates"),)
