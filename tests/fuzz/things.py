"""Things that exist, for the parameters of a path: without them an operation would tell of nothing but 404."""

import io
from typing import Any

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
        if "announcement_id" in names:
            found["announcement_id"] = self._post("/announcements", title="Labels are printed late", client_ids=[str(self.company.id)])
        if "item_id" in names:
            found["item_id"] = self._item()
        if "order_id" in names:
            contact = str(self.company.people["requester"].id)
            found["order_id"] = self._post(f"/catalog/items/{self._item()}/orders", number=1, contact_id=contact)
        if "catalog_template_id" in names:
            found["catalog_template_id"] = self._post("/catalog/templates", name=world.unique("Laptop"))
        if "attachment_id" in names:
            found["attachment_id"] = self._file()
        return found

    def _ticket(self) -> str:
        requester = self.company.actor("requester")
        with world.acting(self.portal, requester):
            return opening.open_ticket(self.company.id, "No mail", body="Since noon.", by=requester).ref

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
