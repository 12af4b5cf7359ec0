"""Every route asked as nobody: it must be closed, or stand on the reviewed list of open ones."""

from flask import Flask
from werkzeug.routing import Rule

from msp.core.ids import new_id
from msp.core.web.gates import gate_of
from msp.prove.browser import HostClient, browser, csrf_token
from msp.prove.openings import OPEN_ROUTES
from msp.prove.world import CONSOLE_HOST, World


def failures(world: World, *, only: str | None = None) -> list[str]:
    """Which routes let somebody pass who has not signed in; `only` names one endpoint."""
    said = []
    for app, host in ((world.portal, world.right.host), (world.console, CONSOLE_HOST)):
        nobody = browser(app, host)
        token = csrf_token(nobody)
        for rule in app.url_map.iter_rules():
            if (only is None or rule.endpoint == only) and (problem := _problem(app, rule, nobody, token)):
                said.append(f"{app.surface} {rule.rule}: {problem}")  # type: ignore[attr-defined]  # set by create_app
    return said


def _problem(app: Flask, rule: Rule, nobody: HostClient, token: str) -> str | None:
    gate = gate_of(app, rule.endpoint)
    if gate is None or gate.who == "everyone":
        return None if rule.endpoint in OPEN_ROUTES else "is open to everybody and not on the reviewed list"
    try:
        path = app.url_map.bind("x").build(rule.endpoint, {name: str(new_id()) for name in rule.arguments}, method=None)
    except (ValueError, LookupError):
        return None
    method = min((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})
    answer = nobody.open(path, method=method, headers={"X-CSRFToken": token})
    to_sign_in = answer.status_code in (302, 303) and "sign-in" in answer.headers.get("Location", "")
    if answer.status_code in (400, 401, 403, 405) or to_sign_in:
        return None
    return f"answers {answer.status_code} to somebody who is not signed in"
