"""The queue: tickets over all clients that the agent may see."""

import re
from datetime import tzinfo
from typing import Any

from flask import g, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import notices, rows, saved_views
from agent_console.blueprint import console_blueprint
from agent_console.shell import agent_zone
from agent_console.ticket_page import STATE_ORDER
from msp.core import clock
from msp.core.errors import NotFound
from msp.core.query import ast, complete
from msp.core.query.errors import QueryError
from msp.itsm.tickets import fields, listing, queries, word_search
from msp.itsm.tickets.services import bulk
from msp.itsm.tickets.states import WORDS
from tenants import queries as tenants
from tenants.identity import profile

REF = re.compile(r"[a-z][a-z0-9]{1,9}-[0-9]{1,12}", re.IGNORECASE)
SORTS = {"due": "sla", "priority": "priority", "created": "age", "updated": "updated"}

blueprint = console_blueprint("queue")


@blueprint.get("/")
def home() -> ResponseReturnValue:
    return redirect(url_for("queue.page"))


@blueprint.get("/queue")
def page() -> ResponseReturnValue:
    text = request.args.get("q", saved_views.DEFAULT.query).replace("\0", "").strip()
    if REF.fullmatch(text) and (found := _ticket_called(text)):
        return redirect(url_for("ticket.page", ref=found))
    tz = agent_zone()
    try:
        wanted = listing.asked(text, by=g.actor, tz=tz)
    except QueryError as error:
        return make_response(render_template("console/queue/page.html", text=text, error=error, **_frame(text)), 422)
    found_page = listing.listing(wanted, by=g.actor, cursor=request.args.get("cursor"), limit=listing.PAGE)
    now = clock.now()
    context: dict[str, Any] = {
        "text": text,
        "rows": [rows.row(each, now=now, tz=tz) for each in found_page.rows],
        "here": url_for("queue.page", q=text, cursor=request.args.get("cursor")),
        "now": now,
    }
    if request.headers.get("HX-Target") == "rows":
        return render_template("console/queue/rows.html", **context)
    return render_template(
        "console/queue/page.html",
        cut_at=word_search.MOST_FOUND if wanted.is_cut else 0,
        previous_url=_page_url(text, found_page.previous),
        next_url=_page_url(text, found_page.next),
        sorts=_sorts(wanted),
        matching=_matching(found_page, wanted, tz),
        **context,
        **_frame(text, wanted, tz),
    )


@blueprint.get("/queue/suggest")
def suggest() -> ResponseReturnValue:
    """What could be typed next: options that each replace the word at the cursor."""
    text = request.args.get("q", "")
    at = request.args.get("at", len(text), type=int)
    found = complete.complete(text, at, fields.ticket_fields(by=g.actor))
    word_at = len(text[: found.start]) - len(re.search(r"\S*$", text[: found.start])[0])  # type: ignore[index]  # the pattern matches nothing as well
    lead = text[word_at : found.start]
    options = [(lead + each.text, each.text, each.label) for each in found.suggestions]
    return render_template("console/queue/suggestions.html", options=options)


@blueprint.get("/queue/counts")
def counts() -> ResponseReturnValue:
    """How many tickets each view has now, by its query, and how many this query finds: for a page that lives on."""
    tz = agent_zone()
    known = saved_views.counts(by=g.actor, tz=tz)
    try:
        wanted = listing.asked(request.args.get("q", saved_views.DEFAULT.query), by=g.actor, tz=tz)
    except QueryError:
        here = None
    else:
        here = _count(wanted, tz)
    return jsonify(views={view.query: listing.in_words(known[view.key]) for view in saved_views.all_views()}, here=here)


@blueprint.post("/queue/density")
def density() -> ResponseReturnValue:
    """How high rows are, from the queue itself."""
    chosen = {"theme": "system", "has_keys": True} | g.session.preferences
    profile.set_preferences(
        theme=chosen["theme"], density=request.form.get("density", ""), has_keys=chosen["has_keys"], by=g.actor
    )
    return redirect(url_for("queue.page", q=request.form.get("q") or None), 303)


def _ticket_called(ref: str) -> str | None:
    try:
        return queries.visible_ticket_by_ref(ref, by=g.actor).ref
    except NotFound:
        return None


def _frame(text: str, wanted: listing.Asked | None = None, tz: tzinfo | None = None) -> dict[str, Any]:
    """What stands around the rows: title, count, and who and what the bulk bar offers."""
    view = saved_views.view_of(text)
    context: dict[str, Any] = {"view": view, "reports": notices.reports(), "count": None}
    if wanted is not None and tz is not None:
        context |= _choices() | {"count": _count(wanted, tz)}
    return context


def _count(wanted: listing.Asked, tz: tzinfo) -> str:
    """How many tickets the query finds, in words: many are not counted to the end."""
    view = saved_views.view_of(str(wanted))
    if view is not None:
        return listing.in_words(saved_views.counts(by=g.actor, tz=tz)[view.key])
    return listing.in_words(saved_views.total(wanted, by=g.actor, tz=tz))


def _matching(shown: listing.Listing, wanted: listing.Asked, tz: tzinfo) -> int:
    """How many tickets can be chosen beyond this page; 0 where there are none, or more than are changed at once."""
    if shown.next is None and shown.previous is None:
        return 0
    number = saved_views.total(wanted, by=g.actor, tz=tz)
    if number > listing.MOST_COUNTED:
        number = saved_views.total(wanted, by=g.actor, tz=tz, most=bulk.MOST)
    return number if number <= bulk.MOST else 0


def _choices() -> dict[str, list[tuple[Any, str]]]:
    """What the bulk bar offers; each ticket's own service refuses what does not fit it."""
    return {
        "agents": [(agent.id, agent.name) for agent in tenants.agents()],
        "teams": [(team.id, team.name) for team in tenants.teams()],
        "states": [(state, WORDS[state].console) for state in STATE_ORDER if state != "new"],
    }


def _page_url(text: str, cursor: str | None) -> str:
    return url_for("queue.page", q=text, cursor=cursor) if cursor else ""


def _sorts(wanted: listing.Asked) -> dict[str, tuple[str, str]]:
    """For each column that sorts: where its head leads, and which way it sorts now."""
    present = wanted.sort[0] if wanted.sort else None
    made = {}
    for name in SORTS:
        is_here = present is not None and present.name == name
        # Ages and changes are asked for newest first, deadlines and priorities most pressing first.
        descends = not present.is_descending if is_here and present else name in ("created", "updated")
        query = ast.Query(wanted.query.nodes, (ast.SortKey(name, descends),))
        direction = ("descending" if present.is_descending else "ascending") if is_here and present else ""
        made[name] = (url_for("queue.page", q=str(query)), direction)
    return made
