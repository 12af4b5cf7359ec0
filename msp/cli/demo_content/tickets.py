"""The tickets of the demonstration: what was asked, and what happened, in hours of the clock before now."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Act:
    """One thing that happened, `hours` before now. `who`: the requester where it is empty, else an agent's first name."""

    hours: float
    what: str
    text: str = ""
    who: str = ""


@dataclass(frozen=True)
class Story:
    """One ticket from its opening on."""

    client: str
    requester: str
    subject: str
    body: str
    hours: float
    impact: int = 2
    urgency: int = 2
    kind: str = "incident"
    category: str = ""
    source: str = "portal"
    ci: str = ""
    acts: tuple[Act, ...] = ()
    tags: tuple[str, ...] = ()


STORIES = (
    Story(
        "NWD", "Amelia Hart", "Chair-side X-ray viewer freezes when a second image is opened in rooms 3 and 5",
        "Since this morning the viewer stops answering as soon as we open a second image. We have to switch the computer off.\n\n"
        "It happens in rooms 3 and 5, the others are fine.",
        25, 2, 1, category="X-ray and imaging", ci="IMG-SRV-02", tags=("imaging",),
        acts=(
            Act(24.6, "assign", "Clinical apps", "Priya"),
            Act(24.4, "reply", "Thank you, Amelia. I am looking at the image server now and will tell you what I find.", "Priya"),
            Act(23.9, "note", "Latency on the image volumes doubled after last night's firmware change. Comparing with room 4.", "Jonas"),
            Act(23.5, "wait", "Which chairs exactly, and does it also happen with one image?|Asked Amelia which chairs are affected", "Priya"),
            Act(21.5, "answer", "Chairs 3 and 5. One image is fine, the second one freezes it."),
            Act(4.2, "reply", "The log shows the viewer waiting for the image server. We are preparing to undo last week's storage update.", "Priya"),
            Act(1.1, "answer", "Room 5 just froze again with a patient in the chair. Could this happen over lunch? We have no patients then."),
        ),
    ),
    Story(
        "NWD", "Tom Fairley", "Second monitor for reception", "We would like a second monitor at the reception desk at Redland Road.", 5, 3, 2,
        "request", "Accounts and access",
    ),
    Story(
        "NWD", "Samir Rao", "Sensor in room 7 is not recognised", "The sensor lights up but the software does not see it.", 22, 2, 2,
        category="X-ray and imaging",
        acts=(Act(21, "assign", "Clinical apps", "Daniel"), Act(20, "reply", "I have reinstalled the driver remotely. Try again and tell me.", "Daniel")),
    ),
    Story(
        "NWD", "Amelia Hart", "Appointment texts are sent twice", "Patients call us because each reminder comes twice.", 30, 2, 2,
        category="Practice software",
        acts=(
            Act(29, "assign", "Service desk", "Maya"),
            Act(28, "reply", "We have stopped the second sender. Today's texts went out once; tell us if not.", "Maya"),
            Act(6, "resolve", "The duplicate job was removed.", "Maya"),
        ),
    ),
    Story(
        "NWD", "Grace Okoro", "New starter on the first of the month: hygienist", "Name and start date are in the attached form. Same rights as Ana.",
        50, 3, 3, "request", "Accounts and access",
        acts=(Act(48, "assign", "Service desk", "Maya"), Act(46, "wait", "Which room will she work in?|Asked which room the new hygienist works in", "Maya")),
    ),
    Story(
        "NWD", "Samir Rao", "Letters print without a letterhead", "Only from the new computer in the back office.", 96, 3, 3,
        category="Practice software",
        acts=(
            Act(90, "assign", "Service desk", "Maya"),
            Act(80, "supplier", "Reported to the print vendor, case 88412|Printworks", "Maya"),
        ),
    ),
    Story(
        "HARB", "Pieter de Vries", "Label printers at docks 4 to 9 drop off the network", "They come back after a restart and drop off again "
        "within the hour. Trucks are waiting.", 7, 1, 2, category="Scanners and printers", ci="SW-DOCK-4", source="phone",
        tags=("docks", "network"),
        acts=(
            Act(6.8, "assign", "Networks", "Daniel"),
            Act(6.6, "reply", "I am on it. Docks 4 and 6 are back on a spare switch port, the others follow.", "Daniel"),
            Act(6.0, "note", "Port flapping on SW-DOCK-4. Spanning tree recalculates each time a forklift charger starts.", "Daniel"),
        ),
    ),
    Story(
        "HARB", "Femke Jansen", "Shared mailbox for customs papers: add four colleagues", "Names are below, they start on Monday.\n\nAnouk, Bram, Daan, Lotte",
        3, 3, 3, "request", "Accounts and access",
    ),
    Story(
        "HARB", "Femke Jansen", "Customs form 4.1 cannot be saved", "The button stays grey. Without it nothing leaves the country.", 2.2, 1, 1,
        category="Customs",
    ),
    Story(
        "HARB", "Marta Ruiz", "VPN drops for the night shift", "Every day around two in the morning, for ten minutes.", 60, 2, 3, category="Warehouse system",
        acts=(
            Act(58, "assign", "Networks", "Daniel"),
            Act(57, "reply", "Found it: the certificate check runs then. A change is planned for Saturday.", "Daniel"),
            Act(56, "schedule", "The change of the certificate check on Saturday at 22:00", "Daniel"),
        ),
    ),
    Story(
        "HARB", "Pieter de Vries", "Scale at packing line 2 no longer prints", "It weighs, but nothing comes out.", 80, 2, 2, category="Scanners and printers",
        acts=(
            Act(79, "assign", "Service desk", "Elena"),
            Act(78.8, "reply", "Switch the scale off for ten seconds, then on again.", "Elena"),
            Act(77, "answer", "That did it. Thank you."),
            Act(76.5, "resolve", "A restart cleared the queue of the scale.", "Elena"),
        ),
    ),
    Story(
        "HARB", "Femke Jansen", "Daan Smit leaves on Friday", "His last day is Friday. His mail is to come to me from then on.", 4, 3, 3, "request",
        acts=(Act(3.5, "assign", "Service desk", "Elena"),),
    ),
    Story(
        "KEST", "Ian Whitlock", "Claims mailbox rejects attachments over 8 MB", "Clients get an error when they send us photos of the damage.", 26, 2, 2,
        category="Mail",
        acts=(
            Act(25.5, "assign", "Service desk", "Maya"),
            Act(25.3, "reply", "The limit was lowered by an update. We are raising it again and will test with you.", "Maya"),
        ),
    ),
    Story(
        "KEST", "Beth Lowry", "New starter on the twelfth: underwriting analyst", "Laptop, mail, claims system. Same as Ian.", 44, 3, 2, "request",
        "Laptops", acts=(Act(40, "assign", "Service desk", "Maya"), Act(39, "reply", "Laptop ordered, accounts will be ready the day before.", "Maya")),
    ),
    Story(
        "KEST", "Ian Whitlock", "Cannot sign in to the claims system since the password change", "It says that my account is locked.", 0.6, 2, 2,
        category="Accounts and access",
    ),
    Story(
        "KEST", "Noah Feldman", "Laptop fleet: disk encryption report shows three machines off", "Serial numbers are in the list from last week.", 120, 3, 2,
        category="Laptops",
        acts=(
            Act(118, "assign", "Service desk", "Jonas"),
            Act(117, "reply", "Two were switched off, the third needs a new battery first.", "Jonas"),
            Act(20, "resolve", "All three are encrypted again; the report is clean.", "Jonas"),
        ),
    ),
    Story(
        "KEST", "Beth Lowry", "Quote PDFs show the old logo", "From yesterday on, in every new quote.", 12, 3, 3, category="Claims system",
        acts=(Act(11, "assign", "Clinical apps", "Jonas"),),
    ),
)  # fmt: skip
