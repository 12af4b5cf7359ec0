"""Lists of requests: one's own, those shared with one, the company's."""

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.core.errors import Forbidden
from msp.itsm.tickets.request_lists import Which, has_shared, request_list
from portal import forms, rights, rows
from portal.blueprint import portal_blueprint
from portal.shell import zone
from tenants import queries as tenants

blueprint = portal_blueprint("requests")


@blueprint.get("/requests")
def mine() -> ResponseReturnValue:
    which: Which = "shared" if request.args.get("show") == "shared" else "mine"
    is_shared = which == "shared" or has_shared(by=g.actor)
    return _page("My requests", which, "requests.mine", is_shared=is_shared)


@blueprint.get("/company")
def company() -> ResponseReturnValue:
    if not rights.sees_company(g.actor):
        raise Forbidden("Only a manager sees the requests of others.")
    sites = tenants.sites(g.host.id, by=g.actor)
    whole = g.actor.may("ticket.read_company")
    names = {site.id: site.name for site in sites if whole or site.id in g.actor.site_ids}
    title = f"Requests of {g.host.display_name}" if whole else "Requests of your sites"
    return _page(title, "company", "requests.company", sites=names)


def _page(
    title: str, which: Which, endpoint: str, *, sites: dict[UUID, str] | None = None, is_shared: bool = False
) -> ResponseReturnValue:
    show = request.args.get("show", "open")
    words = request.args.get("q", "").replace("\0", "").strip()[:200]
    site_id = forms.as_id(request.args.get("site", ""))
    found = request_list(
        which, by=g.actor, only_open=show not in ("all", "shared"), words=words, site_id=site_id,
        cursor=request.args.get("after"),
    )  # fmt: skip
    kept: dict[str, Any] = {"q": words or None, "site": site_id}
    tabs = [("open", "Open"), ("all", "All")] + ([("shared", "Shared with me")] if is_shared else [])
    return render_template(
        "portal/requests.html",
        title=title,
        tabs=[
            {"label": label, "href": url_for(endpoint, show=key, **kept), "current": key == show} for key, label in tabs
        ],
        action=url_for(endpoint),
        show=show,
        words=words,
        sites=sorted(sites.items(), key=lambda item: item[1]) if sites else (),
        site_id=site_id,
        is_cut=found.is_cut,
        rows=rows.rows(found.rows, now=clock.now(), tz=zone(), sites=sites),
        next_url=url_for(endpoint, show=show, after=found.next, **kept) if found.next else "",
        previous_url=url_for(endpoint, show=show, after=found.previous, **kept) if found.previous else "",
    )
