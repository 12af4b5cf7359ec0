"""Where one is signed in, and ending it there."""

from uuid import UUID

from flask import g, redirect, url_for
from flask.typing import ResponseReturnValue

from tenants.identity import sessions as identity
from tenants.views.blueprints import account, account_page

# The first that occurs names it: the younger browsers also carry the names of those that they descend from.
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS", "Linux": "Linux",
}  # fmt: skip


@account.get("/sessions")
def sessions() -> ResponseReturnValue:
    rows = [row | {"browser": browser_words(row["user_agent"] or "")} for row in identity.own_sessions()]
    return account_page("account/sessions.html", sessions=rows, here=g.session.id)


@account.post("/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> ResponseReturnValue:
    identity.end_own_session(session_id, by=g.actor)
    return redirect(url_for("account.sessions"), 303)


@account.post("/sessions/end-others")
def end_other_sessions() -> ResponseReturnValue:
    identity.end_other_sessions(by=g.actor)
    return redirect(url_for("account.sessions"), 303)


def browser_words(user_agent: str) -> str:
    """`Firefox on Linux`: enough for somebody to know his own devices."""
    browser = next((word for mark, word in BROWSERS.items() if mark in user_agent), "")
    system = next((word for mark, word in SYSTEMS.items() if mark in user_agent), "")
    return " on ".join(filter(None, (browser, system))) or "Unknown program"
