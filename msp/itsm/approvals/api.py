"""Approvals over JSON: those that the caller sees, and what he may do where he is asked."""

from typing import Any
from uuid import UUID

from flask import g

from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import listed
from msp.itsm.approvals import book, queries
from msp.itsm.approvals.models import Approval
from msp.itsm.approvals.schemas import ApprovalOut, ApprovalQuery, ApprovalRow, DecisionIn, DelegationIn, ReassignmentIn
from msp.itsm.approvals.services import answering, moving
from tenants.permissions import Permission as P

approvals = Resource("approvals", __name__, "Who is asked to approve what, and what was answered")
BLUEPRINTS = (approvals,)
SEAT = ("id", "person_name", "holder_name", "is_open", "decision", "reason", "decided_at")
ONE = "/approvals/<uuid:approval_id>"


@approvals.operation("GET", "/approvals", listed(ApprovalRow), needs=P.APPROVAL_READ, query=ApprovalQuery)
def list_approvals(asked: dict[str, Any]) -> Any:
    """Approvals, newest first."""
    page = queries.approval_page(by=g.actor, **asked)
    return {"data": page.rows, "next": page.next}


@approvals.operation("GET", ONE, ApprovalOut, needs=P.APPROVAL_READ)
def show_approval(approval_id: UUID) -> Any:
    """One approval, with what was shown and who is asked."""
    return _shown(queries.visible_approval(approval_id, by=g.actor))


@approvals.operation("POST", f"{ONE}/decision", ApprovalOut, needs=P.APPROVAL_ANSWER, takes=DecisionIn, changes=True)
def decide_approval(given: dict[str, Any], approval_id: UUID) -> Any:
    """Answer in your own seat, about what the version you name shows."""
    version = _expected(approval_id)
    return _shown(answering.decide(approval_id, given["is_approved"], reason=given["reason"], version=version, by=g.actor, channel="api"))


@approvals.operation("POST", f"{ONE}/delegation", ApprovalOut, needs=P.APPROVAL_ANSWER, takes=DelegationIn, changes=True)
def delegate_approval(given: dict[str, Any], approval_id: UUID) -> Any:
    """Pass your seat on to a colleague."""
    version = _expected(approval_id)
    return _shown(answering.delegate(approval_id, given["e_mail"], version=version, by=g.actor, channel="api"))


@approvals.operation("POST", f"{ONE}/reassignment", ApprovalOut, needs=P.CLIENT_MANAGE, who="agent", takes=ReassignmentIn, changes=True)
def reassign_approval(given: dict[str, Any], approval_id: UUID) -> Any:
    """Put another in an open seat, somebody of the client or one of us; for agents who manage the client."""
    version = _expected(approval_id)
    return _shown(moving.reassign(approval_id, given["seat_id"], given["e_mail"], version=version, by=g.actor, channel="api"))


@approvals.operation("POST", f"{ONE}/withdrawal", ApprovalOut, needs=P.APPROVAL_ANSWER, changes=True)
def withdraw_approval(approval_id: UUID) -> Any:
    """Take back what you asked for."""
    version = _expected(approval_id)
    return _shown(answering.withdraw(approval_id, version=version, by=g.actor, channel="api"))


def _expected(approval_id: UUID) -> int:
    return expected_version(queries.visible_approval(approval_id, by=g.actor, for_update=True).version)


def _shown(approval: Approval) -> dict[str, Any]:
    """The approval with its seats, amounts with their currency."""
    row = {name: getattr(approval, name) for name in ApprovalRow._declared_fields}
    content, currency = approval.shown, approval.shown.get("currency")
    amounts = {name: {"amount": content[name], "currency": currency} if content.get(name) else None for name in ("once", "monthly")}
    seats = [{**{name: getattr(seat, name) for name in SEAT}, "stage": seat.stage + 1} for seat in book.seats_of(approval)]
    return {
        **row, **amounts, "lines": [{"label": label, "text": text} for label, text in content.get("lines", [])],
        "shown_hash": approval.shown_hash, "note": approval.note, "replaces_id": approval.replaces_id, "seats": seats,
        "version": approval.version,
    }  # fmt: skip
