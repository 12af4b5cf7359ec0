"""Things that exist, for the parameters of a path: without them an operation would tell of nothing but 404."""

import io
from typing import Any

from msp.core.ids import new_id
from msp.itsm.approvals.services import asking as approvals
from msp.itsm.approvals.shown import Shown
from msp.itsm.knowledge import services as knowledge
from msp.itsm.tickets.services import opening
from tests.support import world

API = "/api/v1"


class Things:
    """Made through the API by an agent who may do everything; what an operation uses up is made anew for each."""

    def __init__(self, console: Any, portal: Any, company: world.Company, headers: dict[str, str]) -> None:
        self.console, self.portal, self.company = console, portal, company
        self.headers, self.client = headers, console.test_client()
        spare, _ = world.agent(console)
        self.known = {
            "tenant_id": str(company.id), "contact_id": str(company.people["spare"].id), "agent_id": str(spare.id),
            "site_id": self._post(f"/tenants/{company.id}/sites", name="Leeds"),
            "team_id": self._post("/teams", name=world.unique("Field service ")),
            "template_id": self._first("/templates"), "kind": "resolution", "number": "1",
        }  # fmt: skip
        self.definitions = {kind: self._first(f"/tenants/{company.id}/{kind}") for kind in ("calendars", "policies", "matrices")}
        self.makers = {
            "announcement_id": lambda: self._post("/announcements", title="Labels are printed late", client_ids=[str(company.id)]),
            "approval_id": self._approval, "article_id": self._article, "attachment_id": self._file, "item_id": self._item,
            "order_id": lambda: self._post(
                f"/catalog/items/{self._item()}/orders", number=1, contact_id=str(company.people["requester"].id)
            ),
            "catalog_template_id": lambda: self._post("/catalog/templates", name=world.unique("Laptop")),
            "recurring_id": self._recurring, "rule_id": self._rule, "task_id": self._task,
        }  # fmt: skip

    def of(self, path: str) -> dict[str, str]:
        """A value for every parameter of the path; KeyError for one that nobody thought of."""
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        found = self._all(path, names)
        return {name: found[name] for name in names}

    def _all(self, path: str, names: list[str]) -> dict[str, str]:
        found = dict(self.known)
        if "definition_id" in names:
            found["definition_id"] = self.definitions[path.removeprefix(f"{API}/").split("/")[0]]
        if "ticket" in names:
            found["ticket"] = self._ticket()
        if "follower_id" in names:
            follower = str(self.company.people["manager"].id)
            found["follower_id"] = self._post(f"/tickets/{found['ticket']}/followers", contact_id=follower)
        found |= {name: self.makers[name]() for name in names if name in self.makers}
        return found

    def _recurring(self) -> str:
        return self._post(
            f"/tenants/{self.company.id}/recurring-tickets", subject="Change the tapes", requester_id=self.known["contact_id"],
            rule="FREQ=DAILY", starts_on="2027-01-01",
        )  # fmt: skip

    def _rule(self) -> str:
        content = {"trigger": {"kind": "event", "event": "rated"}, "actions": [{"kind": "tag", "tags": "told"}]}
        return self._post("/rules", name="Told", client_id=str(self.company.id), content=content)

    def _task(self) -> str:
        made = self._send("POST", f"{API}/tickets/{self._ticket()}/tasks", json={"tasks": [{"title": "Order the part"}]})
        return str(made["data"][0]["id"])

    def _ticket(self) -> str:
        requester = self.company.actor("requester")
        with world.acting(self.portal, requester):
            return opening.open_ticket(self.company.id, "No mail", body="Since noon.", by=requester).ref

    def _approval(self) -> str:
        """One that the requester asked for and a colleague is asked about."""
        requester, colleague = self.company.actor("requester"), str(self.company.people["manager"].id)
        chain = {"stages": [{"name": "Manager", "approvers": [{"contact": colleague}]}]}
        with world.acting(self.portal, requester):
            made = approvals.start(self.company.id, "purchase", new_id(), Shown("A laptop"), chain, by=requester)
            return str(made.id)

    def _article(self) -> str:
        """A published article of the company, so that both sides read it."""
        with world.as_staff(self.console) as by:
            chosen = {"audience": "chosen", "client_ids": [self.company.id]}
            row = knowledge.write_article("Labels are printed askew", "Turn the roll.", by=by, **chosen)
            return str(knowledge.move_article(row.id, "published", version=row.version, by=by).id)

    def _item(self) -> str:
        return self._post(f"/tenants/{self.company.id}/catalog/items", name=world.unique("Headset"))

    def _file(self) -> str:
        """A file that a reply to a ticket holds, so that both sides see it."""
        address = f"{API}/attachments?tenant_id={self.company.id}"
        sent = self._send("POST", address, data={"file": (io.BytesIO(b"It beeps."), "log.txt")})
        self._post(f"/tickets/{self._ticket()}/replies", body="Here is the log.", attachment_ids=[sent["id"]])
        return str(sent["id"])

    def _post(self, path: str, **body: Any) -> str:
        return str(self._send("POST", API + path, json=body)["id"])

    def _first(self, path: str) -> str:
        return str(self._send("GET", API + path)["data"][0]["id"])

    def _send(self, method: str, address: str, **options: Any) -> Any:
        answer = self.client.open(address, method=method, base_url="http://console.localhost", headers=self.headers, **options)
        assert answer.status_code < 300, answer.text
        return answer.json
