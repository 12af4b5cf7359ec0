"""`msp admin`, `msp tenant`, `msp agent`: the provider's first administrator, clients, agents, and their way in."""

import json
from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa

from msp.cli.context import command, require_installed
from msp.core.actor import Actor
from msp.core.app import this_app
from msp.core.auth import tokens
from msp.core.db import apart, call, db
from msp.core.errors import Invalid, NotFound
from msp.core.scope import Scope
from tenants import hosts
from tenants.identity import links, second_factor
from tenants.models import Agent, Contact, Tenant
from tenants.permissions import AGENT_ROLES
from tenants.services import clients, people

as_json = click.option("--json", "is_json", is_flag=True, help="answer as JSON")


@click.group()
def admin() -> None:
    """Set up the provider and its administrators."""


@admin.command("create")
@click.argument("e_mail")
@click.option("--name", help="the administrator's name; by default what stands before the @")
@click.option("--provider", help="name of your company; needed the first time")
@click.option("--key", help="its key of 2 to 10 capitals and digits, as MERIDIAN; needed the first time")
@click.option("--time-zone", default="UTC", show_default=True, help="the administrator's, at first the provider's too")
@as_json
def create_admin(
    e_mail: str, name: str | None, provider: str | None, key: str | None, time_zone: str, is_json: bool
) -> None:
    """Make an administrator and print his invitation to the console.

    The first time it also sets the provider up. The link works once, for 72 hours; with it he chooses his
    password. There is no default password anywhere.

    \b
    Example: msp admin create jo@msp.example --name "Jo Brand" --provider "Meridian IT" --key MERIDIAN
    """
    with command() as by:
        if not call("provider"):
            _install(provider, key, time_zone, by)
        made = people.add_agent(name or _name_of(e_mail), e_mail, roles=["admin"], time_zone=time_zone, by=by)
        link = _link_for(made, by)
    text = f"{made.name} is an administrator. The link works once, until 72 hours from now:\n{link}"
    _say(is_json, text, id=made.id, e_mail=made.e_mail, link=link)


@admin.command("forget-second-factor")
@click.argument("e_mail")
@as_json
def forget_second_factor(e_mail: str, is_json: bool) -> None:
    """Remove the second factor of an agent or a contact who lost his telephone and his recovery codes.

    Make sure first that it is he who asks. All his sessions end; he is told by mail.
    """
    with command() as by:
        require_installed()
        whose = _agent_or_contact(e_mail)
        remove = second_factor.remove_for_agent if isinstance(whose, Agent) else second_factor.remove_for_contact
        remove(whose.id, by=by)
    _say(is_json, f"{whose.name} signs in with the password alone.", id=whose.id, e_mail=whose.e_mail)


@click.group()
def tenant() -> None:
    """Clients of the provider."""


@tenant.command("create")
@click.argument("key")
@click.argument("name")
@click.option("--host", help="host name of the portal; by default KEY in small letters before MSP_PORTAL_DOMAIN")
@click.option("--time-zone", default="UTC", show_default=True, help="as Europe/Berlin")
@click.option("--language", default="en", show_default=True)
@click.option("--colour", help="the portal's colour, as #1f5f8b; refused where text on it could not be read")
@click.option("--admin", "admin_e_mail", help="address of the client's administrator, invited by the link printed")
@click.option("--admin-name", help="his name; by default what stands before the @")
@as_json
def create_tenant(
    key: str, name: str, host: str | None, time_zone: str, language: str, colour: str | None, admin_e_mail: str | None,
    admin_name: str | None, is_json: bool,
) -> None:  # fmt: skip
    """Make a client with its portal.

    KEY stands before every reference, as in ACME-1042; it cannot be changed later.

    \b
    Example: msp tenant create ACME "Acme Ltd" --time-zone Europe/London --admin kim@acme.example
    """
    with command() as by:
        require_installed()
        host = (host or f"{key.lower()}.{this_app().settings.portal_domain.partition(':')[0]}").lower()
        made = clients.create_client(key, name, time_zone=time_zone, host=host, language=language, colour=colour, by=by)
        said: dict[str, Any] = {"id": made.id, "key": made.key, "portal": hosts.url_on(host)}
        text = f"{made.name} has its portal at {said['portal']}"
        if admin_e_mail:
            contact = people.add_contact(
                made.id, admin_name or _name_of(admin_e_mail), e_mail=admin_e_mail, roles=["client_admin"], by=by
            )
            said["link"] = _link(contact.person_id, contact.e_mail, made.id, by)
            text += f"\n{contact.name} is its administrator. The link works once:\n{said['link']}"
    _say(is_json, text, **said)


@click.group()
def agent() -> None:
    """Agents of the provider."""


@agent.command("create")
@click.argument("name")
@click.argument("e_mail")
@click.option(
    "--role", "roles", multiple=True, default=("agent",), show_default=True, help="may be given more than once",
    type=click.Choice(list(AGENT_ROLES)),
)  # fmt: skip
@click.option("--client", "keys", multiple=True, help="key of a client; with it the agent sees the named clients only")
@click.option("--time-zone", default="UTC", show_default=True)
@as_json
def create_agent(
    name: str, e_mail: str, roles: tuple[str, ...], keys: tuple[str, ...], time_zone: str, is_json: bool
) -> None:
    """Make an agent and print his invitation to the console.

    \b
    Example: msp agent create "Sam Reed" sam@msp.example --role lead
             msp agent create "Lou Fox" lou@partner.example --client ACME --client NORTH
    """
    with command() as by:
        require_installed()
        client_ids = [_client(key).id for key in keys] if keys else None
        made = people.add_agent(name, e_mail, roles=roles, client_ids=client_ids, time_zone=time_zone, by=by)
        link = _link_for(made, by)
    text = f"{made.name} is an agent. The link works once, until 72 hours from now:\n{link}"
    _say(is_json, text, id=made.id, e_mail=made.e_mail, roles=made.roles, link=link)


@agent.command("link")
@click.argument("e_mail")
@as_json
def link_of_agent(e_mail: str, is_json: bool) -> None:
    """Print a new link for an agent: an invitation, or for a new password where he has one.

    For the day when no mail arrives. An invitation lasts 72 hours, a link for a new password one hour.
    """
    with command() as by:
        require_installed()
        found = _agent(e_mail)
        link = _link_for(found, by)
    _say(is_json, f"The link for {found.name} works once:\n{link}", id=found.id, e_mail=found.e_mail, link=link)


def _install(provider: str | None, key: str | None, time_zone: str, by: Actor) -> None:
    if not provider or not key:
        raise click.UsageError("the provider is not set up yet: give --provider NAME and --key KEY")
    settings = this_app().settings
    clients.install(
        provider, key=key, environment=settings.environment, console_host=settings.console_host, time_zone=time_zone,
        by=by,
    )  # fmt: skip


def _link_for(found: Agent, by: Actor) -> str:
    return _link(found.person_id, found.e_mail, found.tenant_id, by)


def _link(person_id: UUID | None, e_mail: str | None, tenant_id: UUID, by: Actor) -> str:
    """An address to choose a password at: an invitation, or a reset for somebody who has one."""
    if person_id is None or e_mail is None:
        raise Invalid("There is no e-mail address to sign in with.")
    with apart(Scope.signin()):
        known = call("credential_of", p_tenant=tenant_id, p_e_mail=e_mail)
    if known and known[0]["password_hash"]:
        token = tokens.new_token()
        call(
            "make_link", p_hash=tokens.token_hash(token), p_purpose="reset", p_person=person_id, p_tenant=tenant_id,
            p_lifetime_seconds=int(links.RESET.total_seconds()),
        )  # fmt: skip
        return hosts.url_of(tenant_id, f"/reset/{token}")
    return hosts.url_of(tenant_id, f"/invitation/{people.invitation_link(person_id, tenant_id, by=by)}")


def _agent(e_mail: str) -> Agent:
    found = db.session.scalar(sa.select(Agent).where(Agent.e_mail == people.checked_e_mail(e_mail)))
    if found is None:
        raise NotFound(f"There is no agent with the address {e_mail}.")
    return found


def _agent_or_contact(e_mail: str) -> Agent | Contact:
    """Whose address it is; of several companies any will do, for the second factor is the person's."""
    address = people.checked_e_mail(e_mail)
    contacts = sa.select(Contact).where(Contact.e_mail == address).order_by(Contact.is_active.desc(), Contact.id).limit(1)
    found = db.session.scalar(sa.select(Agent).where(Agent.e_mail == address)) or db.session.scalar(contacts)
    if found is None:
        raise NotFound(f"There is nobody with the address {e_mail}.")
    return found


def _client(key: str) -> Tenant:
    found = db.session.scalar(sa.select(Tenant).where(Tenant.key == key.strip().upper(), Tenant.kind == "client"))
    if found is None:
        raise NotFound(f"There is no client with the key {key}.")
    return found


def _name_of(e_mail: str) -> str:
    return e_mail.partition("@")[0].replace(".", " ").title()


def _say(is_json: bool, text: str, **said: Any) -> None:
    click.echo(json.dumps(said, default=str) if is_json else text)
