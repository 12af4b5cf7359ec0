"""What opens again and again in the demonstration."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recurs:
    """A recurring ticket of a client, for one of its people."""

    client: str
    requester: str
    team: str
    subject: str
    body: str
    rule: str


RECURRING = (
    Recurs(
        "NWD", "Grace Okoro", "Service desk", "Restore one file from the backup",
        "Any file of last week, to another folder. Say which, and how long it took.", "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2",
    ),
    Recurs(
        "HARB", "Marta Ruiz", "Service desk", "Patch day of the dock terminals",
        "Between the shifts. Restart each, print a test label.", "FREQ=MONTHLY;BYDAY=SU;BYSETPOS=1",
    ),
)  # fmt: skip
