"""Help articles: the list, one to read and to rate, and those that fit what somebody is about to report."""

from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.errors import FieldError, Invalid
from msp.itsm.knowledge import queries, services, text
from msp.itsm.knowledge.queries import Read
from portal import forms
from portal.blueprint import portal_blueprint

SUGGESTED, SHORTEST = 3, 3
SAID = {"thanks": "Thank you.", "solved": "Good. Nothing was opened."}
blueprint = portal_blueprint("help")


@blueprint.get("/help")
def page() -> ResponseReturnValue:
    found = queries.read_page(g.host.id, by=g.actor, cursor=request.args.get("after"))
    return render_template(
        "portal/help.html",
        rows=found.rows,
        next_url=url_for("help.page", after=found.next) if found.next else "",
        previous_url=url_for("help.page", after=found.previous) if found.previous else "",
    )


@blueprint.get("/help/suggestions")
def suggestions() -> ResponseReturnValue:
    """What fits the words typed so far: a fragment for the form."""
    subject = request.args.get("subject", "")
    return render_template("portal/suggestions.html", fitting=fitting(subject), subject=subject[:200])


@blueprint.get("/help/<uuid:article_id>")
def article(article_id: UUID) -> ResponseReturnValue:
    return _article(article_id)


@blueprint.post("/help/<uuid:article_id>/opinion")
def say(article_id: UUID) -> ResponseReturnValue:
    """Keep whether it helped."""
    try:
        useful = {"yes": True, "no": False}.get(request.form.get("useful", ""))
        if useful is None:
            raise Invalid(errors=[FieldError("/useful", "required", "Say whether it helped.")])
        services.say_useful(article_id, g.host.id, useful, words=forms.text("words"), by=g.actor)
    except Invalid as error:
        return make_response(_article(article_id, request.form, error), error.status)
    return redirect(url_for("help.article", article_id=article_id, said="thanks"), 303)


@blueprint.post("/help/<uuid:article_id>/solved")
def solved(article_id: UUID) -> ResponseReturnValue:
    """Count a report that it made needless."""
    services.note_solved(article_id, g.host.id, forms.text("subject"), by=g.actor)
    return redirect(url_for("help.article", article_id=article_id, said="solved"), 303)


def fitting(subject: str) -> list[Read]:
    """The few articles nearest to what somebody is about to report."""
    subject = subject.strip()
    return queries.search(subject, g.host.id, loosely=True, limit=SUGGESTED, by=g.actor) if len(subject) >= SHORTEST else []


def _article(article_id: UUID, typed: Any = None, error: Invalid | None = None) -> str:
    read = queries.readable(article_id, g.host.id, by=g.actor)
    opinion = queries.opinion(article_id, g.host.id, by=g.actor)
    if typed is None:
        typed = {"useful": ("yes" if opinion.is_useful else "no"), "words": opinion.words} if opinion else {}
    return render_template(
        "portal/help_article.html",
        it=read,
        body=text.html(read.body),
        related=queries.related_to(read, g.host.id, by=g.actor),
        typed=typed,
        errors={wrong.pointer.strip("/"): wrong.message for wrong in error.errors} if error else {},
        subject=request.args.get("subject", "").replace("\0", "").strip()[:200],
        said=SAID.get(request.args.get("said", ""), ""),
    )
