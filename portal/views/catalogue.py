"""The catalogue: all of it, a category, what a search finds; favourites and what is often requested."""

from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.itsm.catalog import queries
from msp.itsm.catalog.services import keeping
from portal import catalogue, forms
from portal.blueprint import portal_blueprint

blueprint = portal_blueprint("catalogue")


@blueprint.get("/catalogue")
def page() -> ResponseReturnValue:
    words = request.args.get("q", "").replace("\0", "").strip()[:100]
    category_id = forms.as_id(request.args.get("category", ""))
    only_kept = request.args.get("show") == "favourites"
    found = queries.item_page(
        g.host.id, by=g.actor, words=words, category_id=category_id, only_favourites=only_kept, cursor=request.args.get("after")
    )
    kept = queries.favourite_ids(g.host.id, by=g.actor)
    is_front = not (words or category_id or only_kept or request.args.get("after"))
    often = queries.often_requested(g.host.id, by=g.actor, now=clock.now()) if is_front else []
    here: dict[str, Any] = {"q": words or None, "category": category_id, "show": "favourites" if only_kept else None}
    return render_template(
        "portal/catalogue.html",
        words=words,
        category_id=category_id,
        chips=_chips(category_id, only_kept, bool(kept)),
        tiles=catalogue.tiles(found.rows, kept),
        often=catalogue.tiles(often, kept) if len(found.rows) > len(often) else [],
        back=request.full_path.rstrip("?"),
        in_basket=queries.basket_size(g.host.id, by=g.actor),
        next_url=url_for("catalogue.page", after=found.next, **here) if found.next else "",
        previous_url=url_for("catalogue.page", after=found.previous, **here) if found.previous else "",
    )


@blueprint.post("/catalogue/items/<uuid:item_id>/favourite")
def keep(item_id: UUID) -> ResponseReturnValue:
    """Keep it at hand, or no longer; back to where it was said."""
    keeping.keep(item_id, request.form.get("keep") == "1", by=g.actor)
    if request.form.get("from") == "item":
        return redirect(url_for("ordering.item", item_id=item_id), 303)
    return redirect(url_for("catalogue.page"), 303)


def _chips(category_id: UUID | None, only_kept: bool, has_kept: bool) -> list[dict[str, Any]]:
    chips = [{"label": "All", "href": url_for("catalogue.page"), "current": category_id is None and not only_kept}]
    if has_kept or only_kept:
        chips.append({"label": "Favourites", "href": url_for("catalogue.page", show="favourites"), "current": only_kept})
    for each in queries.categories(g.host.id, by=g.actor):
        chips.append(
            {"label": each.name, "href": url_for("catalogue.page", category=each.id), "current": each.id == category_id, "icon": each.icon}
        )
    return chips
