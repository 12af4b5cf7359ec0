"""Pictures of articles over JSON: sent and removed by agents, read by whoever reads the article."""

from typing import Any
from uuid import UUID

from flask import g, request, url_for

from msp.core.api.blueprint import Resource
from msp.core.api.parsing import refuse_unstorable
from msp.core.errors import Invalid, UnsupportedType
from msp.itsm.knowledge.pictures import queries, schemas, services
from msp.itsm.knowledge.pictures.answer import picture_answer
from tenants.permissions import Permission as P

pictures = Resource("article_pictures", __name__, "Pictures of articles")
BLUEPRINTS = (pictures,)
ALL = "/articles/<uuid:article_id>/pictures"
READ = "/help-articles/<uuid:article_id>/pictures/<file_name>"


@pictures.operation("GET", ALL, schemas.PicturesOut, needs=P.CLIENT_READ, who="agent")
def list_pictures(article_id: UUID) -> Any:
    """The pictures that its text may show."""
    return {"data": queries.pictures(article_id, by=g.actor)}


@pictures.operation("POST", ALL, schemas.PictureOut, needs=P.ARTICLE_MANAGE, who="agent", status=201, is_upload=True)
def send_picture(article_id: UUID) -> Any:
    """Send one; it is written anew, at most 1,600 pixels wide and high, without what the camera added."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedType("Send the picture as multipart/form-data.")
    sent = request.files.get("file")
    if sent is None:
        raise Invalid.field("file", "Choose a picture.", "required")
    name = sent.filename or "picture"
    refuse_unstorable({"file": name})
    made = services.add_picture(article_id, name, sent.stream, by=g.actor)
    where = url_for("api_article_pictures.show_picture", article_id=article_id, file_name=made.file_name)
    return made, 201, {"Location": where}


@pictures.operation("GET", f"{ALL}/<file_name>", needs=P.CLIENT_READ, who="agent", content_type="application/octet-stream")
def show_picture(article_id: UUID, file_name: str) -> Any:
    """Its bytes."""
    return picture_answer(queries.content(article_id, file_name, by=g.actor), file_name)


@pictures.operation("DELETE", f"{ALL}/<uuid:picture_id>", needs=P.ARTICLE_MANAGE, who="agent", status=204)
def remove_picture(article_id: UUID, picture_id: UUID) -> Any:
    """Remove one that no text shows any more; 409 for one that is shown."""
    services.remove_picture(article_id, picture_id, by=g.actor)
    return ""


@pictures.operation("GET", READ, needs=P.PORTAL_USE, who="contact", content_type="application/octet-stream")
def show_help_picture(article_id: UUID, file_name: str) -> Any:
    """A picture that the text shows which you may read."""
    return picture_answer(queries.content_for_reader(article_id, file_name, g.host.id, by=g.actor), file_name)
