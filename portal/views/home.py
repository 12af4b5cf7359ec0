"""Home: one search box, what is going on, the ways in, one's own open requests; and what the search finds."""

from dataclasses import dataclass

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.itsm.announcements import queries as announcements
from msp.itsm.announcements.queries import Notice
from msp.itsm.approvals import queries as approvals
from msp.itsm.knowledge import queries as knowledge
from msp.itsm.tickets.request_lists import request_list
from portal import rights, rows
from portal.blueprint import portal_blueprint
from portal.shell import zone
from portal.views.approvals import rows as approval_rows

SHOWN, FOUND = 5, 20
blueprint = portal_blueprint("home")


@dataclass(frozen=True)
class Tile:
    href: str
    icon: str
    title: str
    text: str


@blueprint.get("/")
def page() -> ResponseReturnValue:
    now = clock.now()
    mine = request_list("mine", by=g.actor, limit=SHOWN)
    notices = [each for each in announcements.notices(g.host.id, by=g.actor, now=now) if each.is_current(now)]
    return render_template(
        "portal/home.html",
        tiles=_tiles(),
        mine=rows.rows(mine.rows, now=now, tz=zone()),
        has_more=mine.next is not None,
        disruptions=[each for each in notices if each.level == "disruption"],
        news=[each for each in notices if each.level != "disruption"],
        welcome=g.host.welcome,
        waiting=approval_rows(approvals.approval_page(by=g.actor, which="waiting", limit=SHOWN).rows, now),
    )


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Requests that this person may see, articles and announcements, that hold the words."""
    words, now = request.args.get("q", "").replace("\0", "").strip()[:200], clock.now()
    found = None
    told: list[Notice] = []
    if words:
        found = request_list("any", by=g.actor, only_open=False, words=words, cursor=request.args.get("after"), limit=FOUND)
        told = [
            each
            for each in announcements.notices(g.host.id, by=g.actor, now=now)
            if all(word in f"{each.title} {each.body}".lower() for word in words.lower().split())
        ]
    return render_template(
        "portal/search.html",
        articles=knowledge.search(words, g.host.id, by=g.actor),
        words=words,
        found=rows.rows(found.rows if found else [], now=now, tz=zone()),
        is_cut=bool(found and found.is_cut),
        next_url=url_for("home.search", q=words, after=found.next) if found and found.next else "",
        previous_url=url_for("home.search", q=words, after=found.previous) if found and found.previous else "",
        told=told,
        now=now,
    )


def _tiles() -> list[Tile]:
    tiles = [
        Tile(url_for("report.problem"), "alert-triangle", "Something is broken", "Report it, and follow what we do"),
        Tile(url_for("report.wish"), "message", "Ask for something", "Equipment, access, advice, a change"),
        Tile(url_for("catalogue.page"), "box", "Catalogue", "What you can order, with its price and time"),
        Tile(url_for("requests.mine"), "list", "My requests", "Where they are, and what comes next"),
    ]
    if rights.sees_company(g.actor):
        tiles.append(
            Tile(url_for("requests.company"), "building", "Company’s requests", "What colleagues have asked for")
        )
    tiles.append(Tile(url_for("levels.page"), "clock", "Service levels", "What we promised, and when time counts"))
    if rights.manages_people(g.actor):
        tiles.append(Tile(url_for("people.page"), "users", "People", "Who may come in, and what they see"))
    return tiles
