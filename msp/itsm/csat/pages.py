"""The page behind the link in the mail: opening it shows, sending it records. No sign-in is needed, the link is one."""

from uuid import UUID

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import bind, db
from msp.core.errors import MspError
from msp.core.scope import Scope, Trail
from msp.core.secrets import Keyring
from msp.core.web.gates import open_to_all
from msp.itsm.csat import links, queries, services
from msp.itsm.csat.models import Survey
from msp.itsm.tickets.models import Ticket
from tenants.models import Contact
from tenants.permissions import Permission
from tenants.views.blueprints import keep_private, require_open

SURFACE = "portal"
blueprint = Blueprint("csat", __name__, template_folder="templates")
blueprint.gate = open_to_all("the signed link says who answers")  # type: ignore[attr-defined]  # read by core.web.gates
blueprint.before_request(require_open)
blueprint.after_request(keep_private)
BLUEPRINTS = (blueprint,)


@blueprint.route("/rate/<token>", methods=["GET", "POST"])
def rate(token: str) -> ResponseReturnValue:
    by, survey_id = _holder(token)
    survey = queries.visible_survey(survey_id, by=by)
    if request.method != "POST" or not survey.is_open(clock.now()):
        return _page(survey, request.args.get("score", ""))
    comment = request.form.get("comment", "").replace("\0", "")
    score = request.form.get("score", "")
    try:
        services.answer(survey_id, int(score) if score in list("12345") else 0, comment=comment, by=by)
    except MspError as error:
        return _page(survey, score, comment, error)
    return _page(survey, score)


def _holder(token: str) -> tuple[Actor, UUID]:
    """The holder as an actor who may do this one thing; the request's transaction becomes his."""
    invited = links.invited(token, tenant_id=g.host.id, keys=Keyring(settings().secret_keys))
    trail = Trail("by a rating link", "contact", request_id=g.get("request_id"), address=request.remote_addr)
    bind(Scope.of_tenant(g.host.id, invited.contact_id, trail))
    contact = db.session.get(Contact, (g.host.id, invited.contact_id))
    if contact is None or not contact.is_active:
        raise links.RatingLinkRefused
    rights = frozenset({Permission.TICKET_REPLY})
    return Actor(contact.id, "contact", contact.name, rights, (g.host.id,)), invited.survey_id


def _page(survey: Survey, score: str, comment: str = "", error: MspError | None = None) -> Response:
    errors = {wrong.pointer.strip("/"): wrong.message for wrong in error.errors} if error else {}
    html = render_template(
        "csat/rate.html", survey=survey, ticket=db.session.get_one(Ticket, (survey.tenant_id, survey.ticket_id)),
        is_open=survey.is_open(clock.now()), score=score, comment=comment, refusal=error,
        errors=errors, surface="portal",
    )  # fmt: skip
    return make_response(html, error.status if error else 200)
