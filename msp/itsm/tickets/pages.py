"""Files of tickets, on both surfaces: sent ahead of the message that they belong to, given out with its rights.

With them comes what pages of either surface draw of a ticket: `ui/ticket.html`.
"""

from uuid import UUID

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from msp.core.app import settings
from msp.core.errors import Conflict, Invalid, MspError, NotFound
from msp.core.files import here
from msp.core.files.names import content_disposition
from msp.core.web import errors
from msp.core.web.gates import SIGNED_IN
from msp.core.web.headers import file_headers
from msp.core.web.uploads import takes_files
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Attachment
from msp.itsm.tickets.services import files

SURFACE = "both"
blueprint = Blueprint("files", __name__, url_prefix="/files", template_folder="templates")
blueprint.gate = SIGNED_IN  # type: ignore[attr-defined]  # read by core.web.gates
BLUEPRINTS = (blueprint,)


class FileHeld(Conflict):
    """The scanner has not let it pass yet."""

    code, title = "file_held", "This file is still being checked"


@blueprint.post("")
@takes_files(one=True)
def upload() -> ResponseReturnValue:
    """Take one file; agents say by `client` whose it is. The answer is for the script that sent it."""
    try:
        sent = request.files.get("file")
        if sent is None:
            raise Invalid.field("file", "Choose a file.", "required")
        row = files.upload(_tenant_id(), sent.filename or "file", sent.stream, declared=sent.mimetype, by=g.actor)
    except MspError as error:
        return errors.problem(error)
    return jsonify(id=str(row.id), name=row.name, size=row.size), 201


@blueprint.get("/<uuid:attachment_id>")
def download(attachment_id: UUID) -> ResponseReturnValue:
    return answer_with(attachment_id)


def answer_with(attachment_id: UUID) -> Response:
    """The bytes of a file that the actor may read, for no browser to open."""
    row = _readable(attachment_id)
    response = Response(here.storage().get(row.storage_key), mimetype=row.content_type)
    response.content_length = row.size
    response.headers.update(_headers(row))
    return response


@blueprint.get("/<uuid:attachment_id>/picture")
def picture(attachment_id: UUID) -> ResponseReturnValue:
    """A picture as we wrote it, to be shown in the page."""
    row = _readable(attachment_id)
    if row.preview_key is None:
        raise NotFound
    kind = next(kind for kind, ending in files.PREVIEWS.items() if row.preview_key.endswith(ending))
    response = Response(here.storage().get(row.preview_key), mimetype=kind)
    response.headers.update(_headers(row, inline=True))
    return response


def _readable(attachment_id: UUID) -> Attachment:
    row = queries.visible_attachment(attachment_id, by=g.actor)
    if row.state == "held" or row.held_reason is not None:
        raise FileHeld
    return row


def _headers(row: Attachment, *, inline: bool = False) -> dict[str, str]:
    return file_headers(disposition=content_disposition(row.name, inline=inline), https=settings().is_https)


def _tenant_id() -> UUID:
    if g.actor.is_contact:
        return UUID(str(g.host.id))
    try:
        return UUID(request.args.get("client", ""))
    except ValueError:
        raise NotFound from None
