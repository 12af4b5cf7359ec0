"""Where a runbook may be: any public https address, and in the demonstration one port of this machine."""

import ipaddress

from msp.core import outbound
from msp.core.app import settings
from msp.core.outbound import OutboundRefused, Policy

_LOOPBACK = ipaddress.ip_network("127.0.0.1/32")
PRIVATE = "This address is inside a private network, which runbooks cannot reach."


def check(url: str) -> Policy:
    """How the address is to be fetched; OutboundRefused, with words for whoever typed it, where it may not be."""
    port = settings().runbook_loopback_port
    if port and url.startswith(f"http://127.0.0.1:{port}/"):
        return Policy(ports=frozenset({port}), allowed=(_LOOPBACK,))
    if not url.lower().startswith("https://"):
        raise OutboundRefused("A runbook’s address starts with https://.")
    try:
        outbound.check_text(url)
    except OutboundRefused as error:
        raise OutboundRefused(PRIVATE if error.message == OutboundRefused.title else error.message) from None
    return Policy()
