"""Articles of the demonstration. Everything here is invented."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ArticleStory:
    """An article and whom it is for: `clients` by key; all of them where there are none, unless it is internal."""

    title: str
    topic: str
    body: str
    clients: tuple[str, ...] = ()
    audience: str = "all"
    readers: str = "everyone"

    def fields(self, ids: dict[str, Any]) -> dict[str, Any]:
        chosen = [ids[key] for key in self.clients]
        return {"audience": "chosen" if chosen else self.audience, "client_ids": chosen, "topic": self.topic, "readers": self.readers}


ARTICLES = (
    ArticleStory(
        "Reset your password yourself", "Accounts and access",
        "1. On the sign-in page of your computer choose **I forgot my password**.\n2. Confirm on your phone.\n3. Choose a new password of at least twelve characters.\n\nYour phone and tablet ask for the new password within an hour. If the phone that confirms is lost, report it: we have to check who you are first.",
    ),
    ArticleStory(
        "A printer does not print", "Printers",
        "Try these first; they solve most cases.\n\n1. Is there paper, and does the display show an error?\n2. Switch it off, wait ten seconds, switch it on.\n3. On your computer, open the list of print jobs and delete the oldest one.\n\n## Still nothing\n\nReport it with the number on the label of the printer.",
    ),
    ArticleStory(
        "Work from home", "Accounts and access",
        "Start the connection to the office **before** you open your programs. The icon beside the clock turns green.\n\n| Icon | What it means |\n|---|---|\n| green | connected |\n| yellow | connecting, wait a minute |\n| grey | not connected |",
    ),
    ArticleStory(
        "Is this e-mail a trick?", "Security",
        "Be careful when a message is urgent, asks for a password or money, or comes from an address that only looks right.\n\n- Do not open what is attached.\n- Do not answer it.\n- Report it, and say whether you clicked. Nobody is blamed for telling us.",
    ),
    ArticleStory(
        "Ask for access for a new colleague", "Accounts and access",
        "Tell us the name, the first day, the site and whose access the new colleague should have as a pattern. Five working days are enough time for us to have everything ready.",
        readers="managers",
    ),
    ArticleStory(
        "The X-ray viewer stays black", "X-ray and imaging",
        "The viewer loses the sensor when the computer has slept.\n\n1. Close the viewer.\n2. Take the sensor's plug out and put it back.\n3. Open the viewer again and wait until it says *ready*.\n\nPictures that were taken are not lost: they arrive when the viewer is ready.",
        clients=("NWD",),
    ),
    ArticleStory(
        "Pair a hand scanner again", "Scanners and printers",
        "Hold the scanner before the code on the charging station until it beeps twice. The lamp is green once it is paired. One that blinks red needs charging first.",
        clients=("HARB",),
    ),
    ArticleStory(
        "Before you restart a print server", "How we work",
        "Look for running jobs first:\n\n```\nGet-PrintJob -PrinterName *\n```\n\nTell the site before the restart, and write the reason in a note of the ticket.",
        audience="internal",
    ),
)
