"""The fixed words of articles: states and their moves, audiences, readers within a client, languages."""

from tenants.permissions import Permission

STATES = ("draft", "in_review", "published", "retired")
# The one table of allowed moves. Publishing a published article again gives clients its newest version.
MOVES: dict[str, tuple[str, ...]] = {
    "draft": ("in_review", "published"),
    "in_review": ("published", "draft"),
    "published": ("published", "retired"),
    "retired": ("draft",),
}
AUDIENCES = ("internal", "all", "chosen")
# Who within a client reads it, by the right that tells him from the others.
READERS: dict[str, Permission | None] = {
    "everyone": None,
    "site_managers": Permission.TICKET_READ_SITE,
    "managers": Permission.TICKET_READ_COMPANY,
    "approvers": Permission.APPROVE,
    "admins": Permission.ROLE_GRANT,
}
# The language of an article, and the dictionary by which PostgreSQL reads it.
DICTIONARIES = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish", "pt": "portuguese", "nl": "dutch", "other": "simple",
}  # fmt: skip
LANGUAGES = tuple(DICTIONARIES)
