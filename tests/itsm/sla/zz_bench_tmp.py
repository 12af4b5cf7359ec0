import time
from datetime import timedelta
import sqlalchemy as sa
from msp.core import clock
from msp.core.db import db, transaction
from msp.core.scope import Scope
from msp.core.outbox import worker, forgotten
from msp.core.outbox.models import Outbox
from msp.itsm.sla.services import escalation
from tests.support import due, world

def test_ten_thousand(console_app, servers):
    acme = world.company(console_app)
    agent, actor = world.agent(console_app)
    at = clock.now().replace(microsecond=0) - timedelta(seconds=5)
    due.many(servers.url("msp_owner"), acme, 10_000, at, agent_id=agent.id)
    with console_app.app_context():
        t=time.time(); fired = escalation.sweep(clock.now()); t1=time.time()
        print("fired", fired, t1-t)
        with transaction(Scope.staff()):
            ids = list(db.session.scalars(sa.select(Outbox.id).where(Outbox.kind=="tickets.steps_fired").order_by(Outbox.id)))
        print(len(ids))
        for id in ids:
            r=worker.do(id); assert r=="done", r
        print("effects", time.time()-t1)
        with transaction(Scope.staff()):
            for q in ["select count(*) from notification","select count(*) from timeline_entry where kind='escalated'","select count(*) from sla_outcome","select count(*) from outbox","select count(*) from ticket where sla_outcome='breached'"]:
                print(q, db.session.execute(sa.text(q)).scalar())
