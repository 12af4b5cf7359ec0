"""The chooser: one's own companies, and the move to another one's portal."""

from uuid import UUID

from flask import abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.app import this_app
from msp.core.errors import NotFound
from msp.core.web.gates import CONTACTS, gated
from msp.core.web.headers import security_headers
from tenants import access, hosts
from tenants.identity import chooser, links
from tenants.views.blueprints import auth, fresh_token, page


@auth.get("/companies")
@gated(CONTACTS)
def companies() -> ResponseReturnValue:
    own = chooser.other_companies(by=g.actor)
    response = page("auth/companies.html", companies=own)
    # A form may only lead to our own origin; this one is answered by a redirect to a company's host.
    origins = " ".join(hosts.url_on(company["host"], "") for company in own)
    extra = {"form-action": origins} if own else {}
    headers = security_headers(this_app().surface, https=this_app().settings.is_https, signed_in=True, extra=extra)
    response.headers.update(headers)
    return response


@auth.post("/companies")
@gated(CONTACTS)
def move() -> ResponseReturnValue:
    try:
        wanted = UUID(request.form.get("company", ""))
    except ValueError:
        raise NotFound from None
    host, token = chooser.hand_over(wanted, by=g.actor)
    return redirect(hosts.url_on(host, url_for("auth.arrive", token=token)), 303)


@auth.route("/arrive", methods=["GET", "POST"])
def arrive() -> ResponseReturnValue:
    if this_app().surface != "portal":
        abort(404)
    token, at = request.values.get("token", ""), access.visit()
    link = links.show(token, "hand_over", at=at)
    if g.session is not None and g.session.person_id == link.person_id:
        return redirect("/", 303)
    if request.method != "POST":
        return page("auth/arrive.html", link=link, token=token)
    session_token, session_hash = fresh_token()
    if not chooser.arrive(token, token_hash=session_hash, at=at):
        return redirect(url_for("auth.sign_in"), 303)
    access.cookie().renew(session_token)
    return redirect("/", 303)
