"""Articles beside a ticket: a panel that is fetched after the page, what goes into a message, and that one solved it."""

from uuid import UUID

from flask import g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.blueprint import console_blueprint
from agent_console.views.articles import AUDIENCE_WORDS, LANGUAGE_WORDS
from agent_console.views.ticket import ticket_page
from msp.core.db import savepoint
from msp.core.errors import MspError
from msp.core.web import errors
from msp.core.web.gates import Gate, gated
from msp.itsm.knowledge import services as knowledge
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.articles import drafting, queries, services
from tenants.permissions import Permission

blueprint = console_blueprint("ticket_articles", "/tickets/<ref>/articles")


@blueprint.get("")
def page(ref: str) -> ResponseReturnValue:
    return _panel(ref)


@blueprint.get("/<uuid:article_id>/text")
def text(ref: str, article_id: UUID) -> ResponseReturnValue:
    """What goes into the reply or the note, for the script that asks for it."""
    try:
        is_public, with_text = request.args.get("into") == "public", request.args.get("carry") == "text"
        ticket = tickets.visible_ticket_by_ref(ref, by=g.actor)
        return jsonify(text=services.message_text(ticket, article_id, is_public=is_public, with_text=with_text, by=g.actor))
    except MspError as error:
        return errors.problem(error)


@blueprint.post("/<uuid:article_id>/solved")
@gated(Gate("agent", Permission.NOTE_WRITE))
def solved(ref: str, article_id: UUID) -> ResponseReturnValue:
    """Say that it solved the ticket, or take that back."""
    key = tickets.visible_ticket_key(ref, by=g.actor)
    services.say_solved(key.id, article_id, request.form.get("solved") == "1", by=g.actor)
    return _panel(ref) if request.headers.get("HX-Request") else redirect(ticket_page(ref).href("ticket_articles.page"), 303)


@blueprint.route("/new", methods=["GET", "POST"])
@gated(Gate("agent", Permission.ARTICLE_MANAGE))
def write(ref: str) -> ResponseReturnValue:
    """A draft of an article from the ticket, with what was masked in it shown before it is kept."""
    ticket, sent = tickets.visible_ticket_by_ref(ref, by=g.actor), request.form
    with_notes = request.values.get("notes") == "1"
    proposed = drafting.proposal(ticket, with_notes=with_notes, by=g.actor)
    error, typed = None, {"title": proposed.title.text, "body": proposed.body.text, "language": proposed.language}
    if request.method == "POST":
        typed = {name: forms.text(sent, name) for name in typed}
        try:
            with savepoint():
                made = services.write_article_from(ticket.id, typed["title"], typed["body"], language=typed["language"], by=g.actor)
        except answers.REFUSED as refused:
            error = refused
        else:
            notices.say("Kept as a draft, for agents only.")
            return redirect(url_for("articles.article", article_id=made.id), 303)
    return answers.page(
        "console/ticket/articles/new.html", error, it=ticket_page(ref), proposed=proposed, typed=typed, with_notes=with_notes,
        languages=list(LANGUAGE_WORDS.items()), longest=(knowledge.TITLE_LENGTH, knowledge.BODY_LENGTH),
    )  # fmt: skip


def _panel(ref: str) -> str:
    """The panel alone for the page that holds it, a page of its own for a browser without script."""
    shown = ticket_page(ref)
    template = "panel" if request.headers.get("HX-Request") else "page"
    return render_template(
        f"console/ticket/articles/{template}.html", it=shown, rows=queries.beside(shown.ticket, by=g.actor), audiences=AUDIENCE_WORDS,
        languages=LANGUAGE_WORDS, can_insert=shown.by.may(Permission.NOTE_WRITE),
        can_write=shown.by.may(Permission.ARTICLE_MANAGE),
        can_reply=shown.by.may(Permission.TICKET_REPLY) and not shown.is_ended,
    )  # fmt: skip
