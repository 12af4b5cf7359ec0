"""Clients: created with host and brand, changed, suspended."""

import re
from uuid import UUID
from zoneinfo import available_timezones

from msp.core import events
from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import Conflict, FieldError, Invalid
from msp.core.web.brand import brand_check
from tenants import queries
from tenants.events import ClientChanged, ClientCreated
from tenants.languages import LANGUAGES
from tenants.models import Branding, Host, Installation, Site, Tenant
from tenants.permissions import Permission

KEY = re.compile(r"^[A-Z][A-Z0-9]{1,9}$")
LONGEST = {"name": 120, "display_name": 80, "support_phone": 40, "welcome": 300}


def install(name: str, *, key: str, environment: str, console_host: str, time_zone: str, by: Actor) -> Tenant:
    """The provider and the one row about the installation; Conflict when it is installed already."""
    by.require(Permission.SETTINGS_MANAGE)
    if db.session.get(Installation, 1) is not None:
        raise Conflict("The provider is set up already.")
    provider = Tenant(kind="provider", key=checked_key(key), name=name, time_zone=time_zone, hue=7)
    db.session.add(provider)
    db.session.flush()
    db.session.add(Installation(id=1, provider_id=provider.id, environment=environment))
    db.session.add(Host(name=console_host.partition(":")[0], tenant_id=provider.id))
    db.session.flush()
    return provider


def create_client(
    key: str, name: str, *, time_zone: str, host: str, by: Actor, language: str = "en", colour: str | None = None,
    support_phone: str | None = None, welcome: str | None = None,
) -> Tenant:  # fmt: skip
    """A client with its host and brand; features set up the rest when they hear of it."""
    by.require(Permission.CLIENT_MANAGE)
    wrong = [*wrong_name(name), *_wrong_zone(time_zone), *_wrong_language(language), *wrong_host(host)]
    wrong += _wrong_texts(support_phone, welcome)
    key = checked_key(key, wrong)
    if wrong:
        raise Invalid(errors=wrong)
    if queries.key_is_taken(key):
        raise Invalid.field("key", f"The key {key} belongs to another client.", "taken")
    if queries.host_is_taken(host):
        raise Invalid.field("host", f"{host} belongs to another client.", "taken")
    name, colour = name.strip(), _checked_colour(colour)
    client = Tenant(kind="client", key=key, name=name, time_zone=time_zone, language=language)
    client.hue = queries.next_hue()
    db.session.add(client)
    db.session.flush()
    db.session.add(Host(name=host, tenant_id=client.id))
    db.session.add(
        Branding(
            tenant_id=client.id, display_name=name, colour=colour, support_phone=support_phone, welcome=welcome,
        )
    )  # fmt: skip
    db.session.flush()
    events.record(ClientCreated(client.id))
    return client


def change_client(
    client_id: UUID, *, version: int, by: Actor, name: str | None = None, time_zone: str | None = None,
    language: str | None = None, status: str | None = None,
) -> Tenant:  # fmt: skip
    """Change a client's name, zone, language or standing; a suspended one is refused everywhere but staff still read."""
    by.require(Permission.CLIENT_MANAGE)
    client = queries.visible_client(client_id, by=by, for_update=True)
    queries.check_version(client, version)
    if time_zone is not None:
        if wrong := _wrong_zone(time_zone):
            raise Invalid(errors=wrong)
        client.time_zone = time_zone
    if name is not None:
        if wrong := wrong_name(name):
            raise Invalid(errors=wrong)
        client.name = name.strip()
    if language is not None:
        if wrong := _wrong_language(language):
            raise Invalid(errors=wrong)
        client.language = language
    if status is not None:
        client.status = status
    db.session.flush()
    if client.status == "suspended":
        call("end_sessions_at", p_tenant=client.id, p_reason="client suspended")
    events.record(ClientChanged(client.id))
    return client


def change_branding(tenant_id: UUID, *, version: int, by: Actor, **changes: str | None) -> Branding:
    """Change name, colour, phone, sender or welcome of a client's portal; an unreadable colour is refused."""
    by.require(Permission.BRANDING_MANAGE)
    branding = queries.branding(tenant_id, by=by)
    queries.check_version(branding, version)
    wrong = _wrong_texts(changes.get("support_phone"), changes.get("welcome"))
    if "display_name" in changes:
        wrong += wrong_name(changes["display_name"] or "", "display_name")
    if wrong:
        raise Invalid(errors=wrong)
    for field in ("display_name", "support_phone", "mail_from", "welcome", "logo_svg"):
        if field in changes:
            setattr(branding, field, changes[field])
    if changes.get("colour"):
        branding.colour = _checked_colour(changes["colour"])
    db.session.flush()
    events.record(ClientChanged(tenant_id))
    return branding


def add_site(tenant_id: UUID, name: str, *, by: Actor, address: str | None = None) -> Site:
    """A site of a client; its name is unique there."""
    by.require(Permission.SITE_MANAGE)
    client = queries.visible_client(tenant_id, by=by)
    site = Site(tenant_id=client.id, name=_free_site_name(client.id, name), address=address or None)
    db.session.add(site)
    db.session.flush()
    return site


def change_site(
    tenant_id: UUID, site_id: UUID, *, version: int, by: Actor, name: str, address: str | None, is_active: bool
) -> Site:
    """Another name or address; a site that is not active is no longer offered."""
    by.require(Permission.SITE_MANAGE)
    site = queries.visible_site(tenant_id, site_id, by=by)
    queries.check_version(site, version)
    if name.strip() != site.name:
        site.name = _free_site_name(site.tenant_id, name)
    site.address, site.is_active = address or None, is_active
    db.session.flush()
    return site


def _free_site_name(tenant_id: UUID, name: str) -> str:
    if wrong := wrong_name(name):
        raise Invalid(wrong[0].message, errors=wrong)
    if queries.site_named(tenant_id, name.strip()) is not None:
        raise Invalid.field("name", f"There is a site called {name.strip()} already.", "taken")
    return name.strip()


def wrong_name(name: str, field: str = "name") -> list[FieldError]:
    """What is wrong with a name that people read."""
    if not 1 <= len(name.strip()) <= LONGEST[field]:
        return [FieldError(f"/{field}", "length", f"A name of 1 to {LONGEST[field]} characters.")]
    return []


def _wrong_language(language: str) -> list[FieldError]:
    return [] if language in LANGUAGES else [FieldError("/language", "unknown", "One of the languages offered.")]


def _wrong_texts(support_phone: str | None, welcome: str | None) -> list[FieldError]:
    return [
        FieldError(f"/{field}", "too_long", f"At most {LONGEST[field]} characters.")
        for field, text in (("support_phone", support_phone), ("welcome", welcome))
        if len(text or "") > LONGEST[field]
    ]


def checked_key(key: str, wrong: list[FieldError] | None = None) -> str:
    """The key in capitals; adds to `wrong`, or raises Invalid, when it has another form."""
    key = key.strip().upper()
    if not KEY.match(key):
        error = FieldError("/key", "format", "A key is 2 to 10 letters and digits and starts with a letter, as ACME.")
        if wrong is None:
            raise Invalid(error.message, errors=[error])
        wrong.append(error)
    return key


def _checked_colour(colour: str | None) -> str:
    if colour is None:
        return "#1f5f8b"
    try:
        check = brand_check(colour)
    except ValueError as error:
        raise Invalid.field("colour", f"{str(error)[:1].upper()}{str(error)[1:]}, as #1f5f8b.", "format") from None
    if not check.ok:
        raise Invalid.field(
            "colour", f"This colour would have to change too much to stay readable; {check.shown_hex} would do.", "contrast"
        )
    return colour.lower()


def _wrong_zone(time_zone: str) -> list[FieldError]:
    if time_zone in available_timezones():
        return []
    return [FieldError("/time_zone", "unknown", f"There is no time zone {time_zone}; an example is Europe/Berlin.")]


def wrong_host(host: str) -> list[FieldError]:
    """What is wrong with a host name."""
    if re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", host):
        return []
    return [FieldError("/host", "format", "A host name is in small letters without a port, as acme.example.com.")]
