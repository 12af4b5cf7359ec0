"""What was promised, and for managers how it is going."""

from flask import g, render_template
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.itsm.sla import queries as sla
from msp.itsm.tickets import request_lists
from portal import levels, rights
from portal.blueprint import portal_blueprint
from portal.shell import zone

SHOWN = 20
blueprint = portal_blueprint("levels")


@blueprint.get("/service-levels")
def page() -> ResponseReturnValue:
    now, tz = clock.now(), zone()
    definitions = sla.promises(g.host.id).definitions
    sees_clocks = rights.sees_clocks(g.actor)
    running = levels.running(request_lists.running(by=g.actor, limit=SHOWN), now, tz) if sees_clocks else []
    return render_template(
        "portal/levels.html",
        agreements=levels.agreements(definitions, now),
        hours=levels.opening_hours(definitions, now, tz),
        zone=now.astimezone(tz).tzname(),
        sees_clocks=sees_clocks,
        running=running,
        close=sum(each.words.look in ("risk", "over") for each in running),
    )
