"""The committed description is the one that the code gives."""

import json
import warnings
from typing import Any

from msp.core.api import openapi


def test_the_file_is_current() -> None:
    assert openapi.FILE.read_text() == openapi.written(), "run python -m msp.core.api.openapi"


def test_it_is_served_to_everybody_and_names_the_rules(portal_app: Any, acme: Any) -> None:
    answer = portal_app.test_client().get("/api/v1/openapi.json", base_url=f"http://{acme.host}/")
    assert answer.status_code == 200
    assert answer.json == json.loads(openapi.FILE.read_text())
    change = answer.json["paths"]["/api/v1/tickets/{ticket}"]["patch"]
    assert {"412", "428", "415"} <= set(change["responses"])
    assert "If-Match" in [parameter.get("name") for parameter in change["parameters"]]


def test_no_two_schemas_share_a_name() -> None:
    """The library would number the second one and warn: a name in every client that is made from the description."""
    names = json.loads(openapi.FILE.read_text())["components"]["schemas"].keys()
    assert len(names) > 50
    assert [name for name in names if name.rstrip("0123456789") != name and name.rstrip("0123456789") in names] == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        openapi.written()
