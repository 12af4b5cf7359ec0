"""Places of the console beside the views, in their groups; shown where the application has them."""

from dataclasses import dataclass

from tenants.permissions import Permission


@dataclass(frozen=True)
class Place:
    """One page to go to."""

    label: str
    endpoint: str
    icon: str
    permission: str | None = None


PLACES: dict[str, tuple[Place, ...]] = {
    "Clients": (
        Place("Clients", "clients.page", "building", Permission.CLIENT_READ),
        Place("Service levels", "service_levels.page", "clock", Permission.SLA_READ),
        Place("Tasks", "tasks.page", "list-check"),
        Place("Approvals", "approvals.page", "circle-check", Permission.APPROVAL_READ),
        Place("Announcements", "announcements.page", "speakerphone"),
        Place("Articles", "articles.page", "book"),
    ),
    "Provider": (
        Place("Agents", "agents.page", "user", Permission.AGENT_MANAGE),
        Place("Teams", "teams.page", "users"),
        Place("Automation", "automation.page", "bolt"),
        Place("Settings", "settings.page", "settings"),
    ),
}
