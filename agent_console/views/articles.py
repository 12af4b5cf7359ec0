"""Articles: the list, one that is written, looked at, changed and moved, and what a version changed."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from agent_console import answers, forms, notices, related
from agent_console.places import articles as blueprint
from agent_console.shell import agent_zone
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Forbidden, Invalid, MspError
from msp.core.web.gates import Gate, gated
from msp.itsm.knowledge import queries, services, text
from msp.itsm.knowledge.models import Article
from msp.itsm.knowledge.pictures import queries as pictures
from msp.itsm.knowledge.pictures import services as write
from msp.itsm.knowledge.words import AUDIENCES, LANGUAGES, MOVES, STATES
from msp.itsm.tickets.articles import queries as used
from tenants import queries as tenants
from tenants.permissions import Permission

UNSAVED = {"look", "arrange"}  # buttons that change what the form shows, and keep nothing
MANAGE = Gate("agent", Permission.ARTICLE_MANAGE)
STATE_LOOK = {"draft": ("Draft", ""), "in_review": ("In review", "hold"), "published": ("Published", "ok"), "retired": ("Retired", "")}
ACTS = {"draft": "Back to draft", "in_review": "Ask for review", "published": "Publish", "retired": "Retire"}
AUDIENCE_WORDS = {"internal": "Agents only", "all": "All clients", "chosen": "Chosen clients"}
READER_WORDS = [
    ("everyone", "Everyone there"), ("site_managers", "Site managers"), ("managers", "Managers and administrators"),
    ("approvers", "Approvers"), ("admins", "Administrators"),
]  # fmt: skip
LANGUAGE_WORDS = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese", "nl": "Dutch", "other": "Another language",
}  # fmt: skip


@blueprint.get("")
def page() -> ResponseReturnValue:
    asked = request.args
    known = (("state", STATES), ("audience", AUDIENCES), ("language", LANGUAGES))
    narrowed: dict[str, Any] = {name: asked[name] for name, words in known if asked.get(name) in words}
    client_id, words = forms.one_id(asked, "client"), asked.get("q", "").replace("\0", "").strip()[:200]
    is_overdue = asked.get("overdue") == "1"
    found = queries.article_page(
        by=g.actor, client_id=client_id, words=words, overdue_on=_today() if is_overdue else None, cursor=asked.get("cursor"), **narrowed
    )
    kept: dict[str, Any] = {**narrowed, "client": client_id, "q": words or None, "overdue": "1" if is_overdue else None}

    def url(cursor: str | None) -> str:
        return url_for("articles.page", cursor=cursor, **kept) if cursor else ""

    return answers.page(
        "console/articles/page.html", rows=found.rows, chosen=queries.clients_chosen([row.id for row in found.rows], by=g.actor),
        names=dict(_clients()), clients=_clients(), asked={**kept, "client": str(client_id or "")}, today=_today(), states=STATE_LOOK,
        audiences=AUDIENCE_WORDS, languages=LANGUAGE_WORDS, is_narrowed=any(kept.values()), next_url=url(found.next),
        previous_url=url(found.previous), may_edit=g.actor.may(Permission.ARTICLE_MANAGE),
    )  # fmt: skip


@blueprint.route("/new", methods=["GET", "POST"])
@gated(MANAGE)
def add() -> ResponseReturnValue:
    sent = request.form
    if request.method != "POST" or sent.keys() & UNSAVED:
        return form(None, typed=sent or {"language": "en", "audience": "internal", "readers": "everyone"})
    try:
        with savepoint():
            made = services.write_article(by=g.actor, **_said(sent))
    except answers.REFUSED as error:
        return form(None, error, sent)
    notices.say("Kept as a draft.")
    return redirect(url_for("articles.article", article_id=made.id), 303)


@blueprint.get("/<uuid:article_id>")
def article(article_id: UUID) -> ResponseReturnValue:
    return form(queries.visible_article(article_id, by=g.actor))


@blueprint.post("/<uuid:article_id>")
@gated(MANAGE)
def change(article_id: UUID) -> ResponseReturnValue:
    shown, sent = queries.visible_article(article_id, by=g.actor), request.form
    if sent.keys() & UNSAVED:
        return form(shown, typed=sent)
    try:
        with savepoint():
            services.change_article(article_id, version=forms.number(sent, "version") or 0, by=g.actor, **_said(sent))
    except answers.REFUSED as error:
        return form(queries.visible_article(article_id, by=g.actor), error, sent)
    notices.say("Saved.")
    return redirect(url_for("articles.article", article_id=article_id), 303)


@blueprint.post("/<uuid:article_id>/move")
@gated(MANAGE)
def move(article_id: UUID) -> ResponseReturnValue:
    """To review, published, retired, or back to draft."""
    try:
        with savepoint():
            version = forms.number(request.form, "version") or 0
            moved = services.move_article(article_id, request.form.get("to", ""), version=version, by=g.actor)
    except answers.REFUSED as error:
        return form(queries.visible_article(article_id, by=g.actor), Invalid(error.message) if error.errors else error)
    notices.say(f"{STATE_LOOK[moved.state][0]}.")
    return redirect(url_for("articles.article", article_id=article_id), 303)


@blueprint.get("/<uuid:article_id>/versions")
def versions(article_id: UUID) -> ResponseReturnValue:
    shown = queries.visible_article(article_id, by=g.actor)
    found = queries.edition_page(article_id, by=g.actor, cursor=request.args.get("cursor"), limit=20)

    def url(cursor: str | None) -> str:
        return url_for("articles.versions", article_id=article_id, cursor=cursor) if cursor else ""

    return answers.page(
        "console/articles/versions.html", it=shown, rows=found.rows, next_url=url(found.next), previous_url=url(found.previous)
    )


@blueprint.get("/<uuid:article_id>/versions/<int:number>")
def version(article_id: UUID, number: int) -> ResponseReturnValue:
    shown, after = queries.visible_article(article_id, by=g.actor), queries.edition(article_id, number, by=g.actor)
    before = queries.edition(article_id, number - 1, by=g.actor) if number > 1 else None
    found = text.difference(f"{before.title}\n\n{before.body}" if before else "", f"{after.title}\n\n{after.body}")
    return answers.page("console/articles/version.html", it=shown, after=after, lines=found.lines, is_whole=found.is_whole)


@blueprint.get("/<uuid:article_id>/tickets")
def tickets(article_id: UUID) -> ResponseReturnValue:
    """The tickets that it served, as far as this agent sees them."""
    shown = queries.visible_article(article_id, by=g.actor)
    found = used.used_page(article_id, by=g.actor, cursor=request.args.get("cursor"))

    def url(cursor: str | None) -> str:
        return url_for("articles.tickets", article_id=article_id, cursor=cursor) if cursor else ""

    return answers.page(
        "console/articles/tickets.html", it=shown, rows=found.rows, next_url=url(found.next), previous_url=url(found.previous),
        names=dict(_clients()),
    )  # fmt: skip


def _said(sent: forms.Form) -> dict[str, Any]:
    return {
        "title": forms.text(sent, "title"), "body": forms.text(sent, "body"), "topic": forms.text(sent, "topic"),
        "language": sent.get("language", ""), "audience": sent.get("audience", ""), "readers": sent.get("readers", ""),
        "client_ids": forms.ids(sent, "client_ids"), "owner_id": forms.one_id(sent, "owner_id"),
        "review_on": forms.day(sent, "review_on") if sent.get("review_on", "").strip() else None,
        "asks_review": bool(sent.get("asks_review")), "related": related.chosen(sent),
    }  # fmt: skip


def _today() -> date:
    return clock.now().astimezone(agent_zone()).date()


def _clients() -> list[tuple[UUID, str]]:
    return [(client.id, client.name) for client in tenants.clients(by=g.actor)]


def form(shown: Article | None, error: MspError | None = None, typed: Mapping[str, Any] | None = None) -> ResponseReturnValue:
    if error is not None and error.status == Forbidden.status and shown is None:
        raise error
    chosen = [str(id) for id in queries.clients_chosen([shown.id], by=g.actor)[shown.id]] if shown else []
    beside, words = list(shown.related) if shown else [], ""
    if isinstance(typed, MultiDict):
        chosen, beside, words = typed.getlist("client_ids"), _beside(typed), typed.get("find", "")
    if typed is None:
        names = ("title", "body", "topic", "language", "audience", "readers", "owner_id", "review_on", "asks_review")
        typed = {name: getattr(shown, name) for name in names}
    audiences = [(word, said) for word, said in AUDIENCE_WORDS.items() if word != "all" or g.actor.tenant_ids is None]
    return answers.page(
        "console/articles/one.html", error, it=shown, typed=typed, chosen=chosen, clients=_clients(), audiences=audiences,
        readers=READER_WORDS, languages=list(LANGUAGE_WORDS.items()), agents=[(str(each.id), each.name) for each in tenants.agents()],
        owner=str(typed.get("owner_id") or ""), preview=text.html(str(typed.get("body", ""))[: services.BODY_LENGTH], _picture_url(shown)),
        pictures=[(row, write.markdown(row)) for row in pictures.pictures(shown.id, by=g.actor)] if shown else [], states=STATE_LOOK,
        moves=[(to, ACTS[to]) for to in MOVES[shown.state] if _is_useful(shown, to)] if shown else [],
        response=queries.response(shown.id, by=g.actor) if shown else None,
        related=related.related(beside, words=words, own_id=shown.id if shown else None, by=g.actor),
        served=used.tickets_served(shown.id, by=g.actor) if shown else 0, may_edit=g.actor.may(Permission.ARTICLE_MANAGE),
        longest=(services.TITLE_LENGTH, services.TOPIC_LENGTH, services.BODY_LENGTH),
    )  # fmt: skip


def _beside(typed: forms.Form) -> list[UUID]:
    """The related articles that the form holds; none where what it holds are no ids, which saving says."""
    try:
        return related.chosen(typed)
    except Invalid:
        return []


def _picture_url(shown: Article | None) -> Callable[[str], str] | None:
    """Where the pictures of the article are; one that is not kept yet has none."""
    return (lambda name: url_for("articles.picture", article_id=shown.id, name=name)) if shown else None


def _is_useful(shown: Article, to: str) -> bool:
    """Publishing again is offered where there is a newer version than the one that is read."""
    return to != shown.state or shown.edition != shown.published_edition
