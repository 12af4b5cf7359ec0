"""What the provider tells: what is going on now, then what was."""

from flask import g, render_template
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.itsm.announcements import queries as announcements
from portal.blueprint import portal_blueprint

blueprint = portal_blueprint("news")


@blueprint.get("/news")
def page() -> ResponseReturnValue:
    now = clock.now()
    notices = announcements.notices(g.host.id, by=g.actor, now=now)
    return render_template(
        "portal/news.html",
        current=[each for each in notices if each.is_current(now)],
        past=[each for each in notices if not each.is_current(now)],
    )
