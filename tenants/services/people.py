"""People: contacts of clients, agents and teams of the provider, and their invitations."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from msp.core import audit, events
from msp.core.actor import Actor
from msp.core.auth import tokens
from msp.core.db import call, db
from msp.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, StaleVersion
from msp.core.web.brand import hue_of
from tenants import queries, say
from tenants import skills as known
from tenants.events import AgentChanged, ContactAdded, ContactChanged
from tenants.models import Agent, AgentClient, Contact, ManagedSite, Team, TeamMember
from tenants.permissions import AGENT_ROLES, CONTACT_ROLES, Permission

INVITATION_SECONDS = 72 * 3600
ADMIN_LOCK = 7_226_003
LONGEST = {"name": 120, "phone": 40, "job_title": 120, "cost_centre": 60}


def add_contact(
    tenant_id: UUID, name: str, *, by: Actor, e_mail: str | None = None, roles: Sequence[str] = ("requester",),
    site_id: UUID | None = None, phone: str | None = None, job_title: str | None = None, cost_centre: str | None = None,
    managed_site_ids: Iterable[UUID] = (), external_key: str | None = None,
) -> Contact:  # fmt: skip
    """A contact of a client; with an address he can be invited to the portal."""
    by.require(Permission.CONTACT_MANAGE)
    client = queries.visible_client(tenant_id, by=by)
    _check_lengths({"name": name, "phone": phone, "job_title": job_title, "cost_centre": cost_centre})
    _check_roles(roles, held=(), by=by, agent=False)
    address = checked_e_mail(e_mail) if e_mail else None
    if address and _contact_with(tenant_id, address):
        raise Invalid.field("e_mail", f"{address} belongs to a contact of {client.name} already.", "taken")
    if site_id is not None:
        queries.visible_site(tenant_id, site_id, by=by)
    contact = Contact(
        tenant_id=tenant_id, name=name, e_mail=address, roles=sorted(set(roles)), site_id=site_id, phone=phone,
        job_title=job_title, cost_centre=cost_centre, external_key=external_key,
        person_id=person_for(address, name) if address else None,
    )  # fmt: skip
    db.session.add(contact)
    db.session.flush()
    _set_managed_sites(contact, managed_site_ids, by=by)
    events.record(ContactAdded(tenant_id, contact.id))
    return contact


def change_contact(
    contact_id: UUID, *, version: int, by: Actor, roles: Sequence[str] | None = None,
    managed_site_ids: Iterable[UUID] | None = None, is_active: bool | None = None, site_id: UUID | None = None,
    has_site: bool = True, **fields: str | None,
) -> Contact:  # fmt: skip
    """Change a contact's details, roles, sites or standing; never his address or credentials.

    Without `has_site` he belongs to no site any more.
    """
    by.require(Permission.CONTACT_MANAGE)
    contact = queries.visible_contact(contact_id, by=by, for_update=True)
    queries.check_version(contact, version)
    _check_lengths(fields)
    for field in ("name", "phone", "job_title", "cost_centre"):
        if field in fields:
            setattr(contact, field, fields[field])
    if site_id is not None:
        contact.site_id = queries.visible_site(contact.tenant_id, site_id, by=by).id
    elif not has_site:
        contact.site_id = None
    if roles is not None:
        _check_roles(roles, held=contact.roles, by=by, agent=False)
        contact.roles = sorted(set(roles))
    if managed_site_ids is not None:
        _set_managed_sites(contact, managed_site_ids, by=by)
    if is_active is not None:
        _check_return(contact, is_active=is_active, by=by)
        contact.is_active = is_active
    db.session.flush()
    if contact.person_id and (is_active is False or roles is not None):
        _end_sessions(contact, by)
    events.record(ContactChanged(contact.tenant_id, contact.id))
    return contact


def add_agent(
    name: str, e_mail: str | None, *, by: Actor, roles: Sequence[str] = ("agent",), client_ids: Sequence[UUID] | None = None,
    time_zone: str = "UTC", external_key: str | None = None, skills: Iterable[str] = (),
) -> Agent:  # fmt: skip
    """An agent of the provider; `client_ids` limits him to these clients."""
    by.require(Permission.AGENT_MANAGE)
    say.require_reach(is_limited=client_ids is not None, by=by)
    _check_lengths({"name": name})
    _check_roles(roles, held=(), by=by, agent=True)
    address = checked_e_mail(e_mail) if e_mail else None
    if address and db.session.scalar(sa.select(Agent.id).where(Agent.e_mail == address)):
        raise Invalid.field("e_mail", f"{address} belongs to an agent already.", "taken")
    agent = Agent(
        tenant_id=by.provider_id or call("provider")[0]["id"], name=name, e_mail=address, roles=sorted(set(roles)),
        is_limited=client_ids is not None, time_zone=time_zone, hue=hue_of(name), external_key=external_key,
        skills=known.all_checked(skills), person_id=person_for(address, name) if address else None,
    )  # fmt: skip
    db.session.add(agent)
    db.session.flush()
    _set_clients(agent, client_ids or (), by=by)
    events.record(AgentChanged(agent.id))
    return agent


def change_agent(
    agent_id: UUID, *, version: int, by: Actor, name: str | None = None, roles: Sequence[str] | None = None,
    is_active: bool | None = None, is_limited: bool | None = None, client_ids: Sequence[UUID] | None = None,
    skills: Iterable[str] | None = None,
) -> Agent:  # fmt: skip
    """Change an agent's name, skills, roles, reach or standing; his sessions end when his rights change."""
    by.require(Permission.AGENT_MANAGE)
    agent = queries.visible_agent(agent_id, by=by, for_update=True)
    say.require_change(agent, by=by)
    say.require_reach(is_limited=is_limited is not False, by=by)
    queries.check_version(agent, version)
    was_admin = is_full_admin(agent)
    if roles is not None:
        _check_roles(roles, held=agent.roles, by=by, agent=True)
        agent.roles = sorted(set(roles))
    if is_active is not None:
        _check_return(agent, is_active=is_active, by=by)
        agent.is_active = is_active
    if is_limited is not None:
        agent.is_limited = is_limited
    if name is not None:
        _check_lengths({"name": name})
        agent.name = name
    if skills is not None:
        agent.skills = known.all_checked(skills)
    db.session.flush()
    if was_admin and not is_full_admin(agent):
        _keep_one_admin()
    if client_ids is not None:
        _set_clients(agent, client_ids, by=by)
    if agent.person_id and (roles, is_active, is_limited, client_ids) != (None, None, None, None):
        _end_sessions(agent, by)
    events.record(AgentChanged(agent.id))
    return agent


def add_team(name: str, *, by: Actor, e_mail: str | None = None, external_key: str | None = None) -> Team:
    """A team that tickets can go to."""
    by.require(Permission.TEAM_MANAGE)
    name = _free_team_name(name)
    team = Team(tenant_id=by.provider_id or call("provider")[0]["id"], name=name, e_mail=e_mail, external_key=external_key)
    db.session.add(team)
    db.session.flush()
    return team


def change_team(
    team_id: UUID, *, version: int, by: Actor, name: str, e_mail: str | None = None, is_active: bool = True
) -> Team:
    """Another name or address; a team that is not active gets no more tickets."""
    by.require(Permission.TEAM_MANAGE)
    team = queries.visible_team(team_id, by=by)
    queries.check_version(team, version)
    if name.strip() != team.name:
        team.name = _free_team_name(name)
    team.e_mail = checked_e_mail(e_mail) if e_mail else None
    team.is_active = is_active
    db.session.flush()
    return team


def _free_team_name(name: str) -> str:
    _check_lengths({"name": name})
    if db.session.scalar(sa.select(Team.id).where(Team.name == name.strip())):
        raise Invalid.field("name", f"There is a team called {name.strip()} already.", "taken")
    return name.strip()


def set_members(team_id: UUID, members: dict[UUID, bool], *, by: Actor, version: int | None = None) -> Team:
    """The team's agents, each with whether he leads; another membership is another version of the team."""
    by.require(Permission.TEAM_MANAGE)
    team = queries.active_team(team_id)
    if version is not None:
        queries.check_version(team, version)
    present = {m.agent_id: m for m in db.session.scalars(sa.select(TeamMember).where(TeamMember.team_id == team.id))}
    if members != {agent_id: member.is_lead for agent_id, member in present.items()}:
        bump = sa.update(Team).where(Team.id == team.id, Team.version == team.version).values(version=Team.version + 1)
        if db.session.execute(bump.returning(Team.id)).one_or_none() is None:
            raise StaleVersion
    for agent_id, member in present.items():
        if agent_id not in members:
            db.session.delete(member)
    for agent_id, is_lead in members.items():
        if agent_id in present:
            present[agent_id].is_lead = is_lead
        else:
            agent = queries.visible_agent(agent_id, by=by)
            db.session.add(TeamMember(tenant_id=team.tenant_id, team_id=team.id, agent_id=agent.id, is_lead=is_lead))
    db.session.flush()
    db.session.refresh(team)
    return team


def invitation_link(person_id: UUID, tenant_id: UUID, *, by: Actor) -> str:
    """A new invitation to be shown. A password is the person's, in every company and on the console: whoever holds the link
    chooses it, so it is only for those who may grant all of that; everybody else has it mailed.
    """
    by.require(Permission.INVITATION_SHOW)
    if not say.may_see_invitations(by=by):
        raise Forbidden("An invitation is shown only to those who see every client. It can be mailed.")
    audit.note(db.session(), "saw the invitation of", "person", person_id, tenant_id=tenant_id)
    return new_invitation(person_id, tenant_id, by=by)


def new_invitation(person_id: UUID, tenant_id: UUID, *, by: Actor) -> str:
    """A new single-use invitation, for a mail to the person's own address; the token, to be put into an address on the host."""
    by.require_any(Permission.CONTACT_MANAGE, Permission.AGENT_MANAGE)
    token = tokens.new_token()
    made = call(
        "make_link", p_hash=tokens.token_hash(token), p_purpose="invitation", p_person=person_id, p_tenant=tenant_id,
        p_lifetime_seconds=INVITATION_SECONDS,
    )  # fmt: skip
    if not made[0]["make_link"]:
        raise Forbidden("This person cannot be invited there.")
    return token


def _check_lengths(texts: Mapping[str, str | None]) -> None:
    """Refuse texts that are too long, and a name that is none."""
    wrong = [
        FieldError(f"/{field}", "too_long", f"At most {LONGEST[field]} characters.")
        for field, text in texts.items()
        if field in LONGEST and len(text or "") > LONGEST[field]
    ]
    if "name" in texts and not (texts["name"] or "").strip():
        wrong.append(FieldError("/name", "required", "Say the name."))
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)


def _check_roles(roles: Sequence[str], *, held: Iterable[str], by: Actor, agent: bool) -> None:
    """Roles must exist, and nobody grants or takes away what he lacks himself."""
    table = AGENT_ROLES if agent else CONTACT_ROLES
    unknown = [role for role in roles if role not in table]
    if unknown or not roles:
        raise Invalid.field("roles", f"Choose from {', '.join(table)}.", "unknown")
    moved = set(roles) ^ set(held)
    if moved - {"requester"}:
        say.require_grant(moved, by=by, agent=agent)


def _check_return(whose: Contact | Agent, *, is_active: bool, by: Actor) -> None:
    """Whoever lets somebody in again gives him his roles anew."""
    if is_active and not whose.is_active and set(whose.roles) - {"requester"}:
        say.require_grant(whose.roles, by=by, agent=isinstance(whose, Agent))


def _end_sessions(whose: Contact | Agent, by: Actor) -> None:
    """Those at this company, or on the console; the database refuses where it cannot end them all."""
    call("end_sessions_of", p_person=whose.person_id, p_tenant=whose.tenant_id, p_except=by.session_id, p_reason="rights changed")


def checked_e_mail(e_mail: str) -> str:
    """The address in the form it is kept in; Invalid where it is none."""
    try:
        return validate_email(e_mail.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid.field("e_mail", f"{e_mail} is not an e-mail address: {error}", "format") from error


def person_for(e_mail: str, name: str) -> UUID:
    """The person of an address, made when new."""
    found: UUID = call("person_for_invitation", p_e_mail=e_mail, p_name=name)[0]["person_for_invitation"]
    return found


def _contact_with(tenant_id: UUID, e_mail: str) -> bool:
    statement = sa.select(sa.exists().where(Contact.tenant_id == tenant_id, Contact.e_mail == e_mail))
    return db.session.scalar(statement) or False


def _set_managed_sites(contact: Contact, site_ids: Iterable[UUID], *, by: Actor) -> None:
    wanted = set(site_ids)
    statement = sa.select(ManagedSite).where(
        ManagedSite.tenant_id == contact.tenant_id, ManagedSite.contact_id == contact.id
    )
    for row in db.session.scalars(statement):
        if row.site_id in wanted:
            wanted.discard(row.site_id)
        else:
            db.session.delete(row)
    if wanted and wanted - {site.id for site in queries.sites(contact.tenant_id, by=by)}:
        raise NotFound
    db.session.add_all(ManagedSite(tenant_id=contact.tenant_id, contact_id=contact.id, site_id=id) for id in wanted)
    db.session.flush()


def _set_clients(agent: Agent, client_ids: Iterable[UUID], *, by: Actor) -> None:
    wanted = set(client_ids)
    for row in db.session.scalars(sa.select(AgentClient).where(AgentClient.agent_id == agent.id)):
        if row.client_id in wanted:
            wanted.discard(row.client_id)
        else:
            db.session.delete(row)
    seen = queries.clients_by_id(wanted, by=by).values() if wanted else ()
    if wanted - {client.id for client in seen if client.kind == "client"}:
        raise NotFound
    db.session.add_all(AgentClient(tenant_id=agent.tenant_id, agent_id=agent.id, client_id=id) for id in wanted)
    db.session.flush()


def is_full_admin(agent: Agent) -> bool:
    """An administrator who may see every client, and so can repair anything."""
    return agent.is_active and not agent.is_limited and "admin" in agent.roles


def _keep_one_admin() -> None:
    """The last administrator cannot be removed; of two removals at once the second waits, then counts anew."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(ADMIN_LOCK)))
    full_admin = sa.and_(Agent.is_active, ~Agent.is_limited, sa.literal("admin") == sa.any_(Agent.roles))
    if not db.session.scalar(sa.select(sa.exists().where(full_admin))):
        raise Conflict("This is the last administrator.")
