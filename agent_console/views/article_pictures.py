"""Pictures of an article in the console: sent from the editor, shown, removed."""

from uuid import UUID

from flask import g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import notices
from agent_console.places import articles as blueprint
from agent_console.views.articles import MANAGE, form
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError
from msp.core.web import errors
from msp.core.web.gates import gated
from msp.core.web.uploads import takes_files
from msp.itsm.knowledge import queries as articles
from msp.itsm.knowledge.pictures import queries, services
from msp.itsm.knowledge.pictures.answer import picture_answer


@blueprint.post("/<uuid:article_id>/pictures")
@takes_files(one=True)
@gated(MANAGE)
def add_picture(article_id: UUID) -> ResponseReturnValue:
    """Take one in. The editor's script is told how the text shows it, a plain form leads back to the article."""
    is_script = request.accept_mimetypes.best == "application/json"
    try:
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise Invalid.field("file", "Choose a picture.", "required")
        with savepoint():
            made = services.add_picture(article_id, sent.filename, sent.stream, by=g.actor)
    except MspError as error:
        if is_script:
            return errors.problem(error)
        return form(articles.visible_article(article_id, by=g.actor), Invalid(error.message))
    if is_script:
        return jsonify(id=str(made.id), text=services.markdown(made)), 201
    notices.say("The picture was added; put its line where the text should show it.")
    return redirect(url_for("articles.article", article_id=article_id), 303)


@blueprint.get("/<uuid:article_id>/pictures/<name>")
def picture(article_id: UUID, name: str) -> ResponseReturnValue:
    return picture_answer(queries.content(article_id, name, by=g.actor), name)


@blueprint.post("/<uuid:article_id>/pictures/<uuid:picture_id>/remove")
@gated(MANAGE)
def remove_picture(article_id: UUID, picture_id: UUID) -> ResponseReturnValue:
    """Remove one that no text shows."""
    try:
        with savepoint():
            services.remove_picture(article_id, picture_id, by=g.actor)
    except MspError as error:
        if error.status == 404:
            raise
        return form(articles.visible_article(article_id, by=g.actor), error)
    notices.say("The picture was removed.")
    return redirect(url_for("articles.article", article_id=article_id), 303)
