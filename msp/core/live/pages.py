"""The web's part of live updates: a ticket for the stream, given to a signed-in page."""

from flask import Blueprint, Response, g, jsonify, request, url_for

from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.errors import Forbidden
from msp.core.live import publish
from msp.core.live.admission import Doorkeeper, StreamTicket
from msp.core.web import gates
from msp.core.web.shell import Live

SURFACE = "both"
blueprint = Blueprint("live", __name__)
blueprint.gate = gates.SIGNED_IN  # type: ignore[attr-defined]  # read by gates.gate_of
BLUEPRINTS = (blueprint,)


def stream() -> Live:
    """Where a page finds the stream of changes: its own address, or `/live` of the page's origin behind a proxy."""
    return Live(settings().live_url or "/live", url_for("live.ticket"))


@blueprint.post("/live/ticket")
def ticket() -> Response:
    """Admit the page to the channels of whoever is signed in on it."""
    actor: Actor = g.actor
    if actor.session_id is None:
        raise Forbidden("Live updates are for pages; a program asks for changes.")
    keeper = Doorkeeper(settings().secret_keys)
    origin = f"{settings().scheme}://{request.host}"
    answer = jsonify(ticket=keeper.write(StreamTicket(actor.session_id, channels_of(actor), origin)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def channels_of(actor: Actor) -> tuple[str, ...]:
    """An agent hears what happens at his clients and to himself; a contact what changes in his company's portal."""
    clients = actor.tenant_ids or ()
    if actor.is_contact:
        return tuple(map(publish.public, clients))
    own = (publish.agent(actor.id),) if actor.id else ()
    if actor.tenant_ids is None:
        return (publish.STAFF, *own)
    return (*map(publish.internal, clients), *own)
