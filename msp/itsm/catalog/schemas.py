"""The catalogue over the API: what comes in and what goes out."""

from typing import Any

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, PageQuery, Strict, line
from msp.itsm.catalog import library, plans
from msp.itsm.catalog.asking import NOTE_LENGTH
from msp.itsm.catalog.content import ICONS, LONGEST, LONGEST_SYNONYM, MOST_SYNONYMS
from msp.itsm.catalog.models import ORDER_STATES
from msp.itsm.catalog.services.keeping import MOST_LINES
from msp.itsm.catalog.services.quoting import LONGEST as LONGEST_QUOTE
from msp.itsm.catalog.services.templates import MOST
from msp.itsm.tasks.doers import MOST_INPUTS
from msp.itsm.tasks.services import DETAIL_LENGTH, LONGEST_MINUTES, TITLE_LENGTH
from tenants.permissions import CONTACT_ROLES

_AMOUNT = r"^[0-9]{1,7}(\.[0-9]{1,2})?$"


def _text(name: str) -> fields.String:
    return fields.String(validate=validate.Length(max=LONGEST[name]))


def _amount() -> fields.String:
    return fields.String(
        allow_none=True, validate=validate.Regexp(_AMOUNT), metadata={"description": "A decimal text in the major unit, such as `980.00`"}
    )


def _level() -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(1, 3), metadata={"description": "1 is high, 2 medium, 3 low"})


_MINUTES = {"description": "Working minutes from its start, by the client’s calendar"}


class CatalogTaskInput(Strict):
    """What a runbook is told; `value` says which question, or the text."""

    source = fields.String(required=True, data_key="from", attribute="from", validate=validate.OneOf(tuple(plans.SOURCES)))
    value = fields.String(load_default="", validate=validate.Length(max=plans.LONGEST_VALUE))


_INPUTS = {
    "description": "What the runbook is told of the order, by the names of its inputs; the rest as it says itself",
    "example": {"person": {"from": "order.for_name", "value": ""}},
}  # fmt: skip


class CatalogTaskIn(Strict):
    key = fields.String(validate=validate.Length(1, plans.LONGEST_KEY), metadata={"description": "What others name it by in `after`"})
    title = line(TITLE_LENGTH, required=True)
    detail = fields.String(validate=validate.Length(max=DETAIL_LENGTH))
    after = fields.List(fields.String(validate=validate.Length(1, plans.LONGEST_KEY)), validate=validate.Length(max=plans.MOST))
    team_id = fields.UUID(allow_none=True)
    due_minutes = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(1, LONGEST_MINUTES), metadata=_MINUTES
    )
    runbook_id = fields.UUID(allow_none=True, metadata={"description": "The runbook that does it once it starts"})
    inputs = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}\Z")), values=fields.Nested(CatalogTaskInput),
        validate=validate.Length(max=MOST_INPUTS), metadata=_INPUTS,
    )  # fmt: skip


class CatalogTaskOut(Schema):
    key = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    after = fields.List(fields.String(), required=True)
    team_id = fields.UUID(required=True, allow_none=True)
    due_minutes = fields.Integer(required=True, allow_none=True)
    runbook_id = fields.UUID(required=True, allow_none=True, dump_default=None)
    inputs = fields.Dict(keys=fields.String(), values=fields.Nested(CatalogTaskInput), required=True, dump_default=dict)


_CHAIN = {
    "description": "Who approves an order: stages of an approval; conditions name `once`, `monthly` or a question. Null: nobody",
    "example": {"stages": [{"name": "Manager", "approvers": [{"role": "manager"}]}]},
}  # fmt: skip


def _written(**more: Any) -> dict[str, Any]:
    """The fields of a content, none of them required."""
    return {
        "summary": _text("summary"), "description": _text("description"), "icon": fields.String(validate=validate.OneOf(ICONS)),
        "synonyms": fields.List(
            fields.String(validate=validate.Length(1, LONGEST_SYNONYM)), validate=validate.Length(max=MOST_SYNONYMS)
        ),
        "price_once": _amount(), "price_monthly": _amount(),
        "currency": fields.String(validate=validate.Regexp("^[A-Za-z]{3}$")), "is_price_shown": Flag(),
        "service": _text("service"), "impact": _level(), "urgency": _level(), "form": fields.Dict(keys=fields.String()),
        "is_quoted": Flag(metadata={"description": "Each order is quoted first; it has no price then"}),
        "ticket_category": fields.String(
            validate=validate.Length(max=LONGEST["ticket_category"]), metadata={"description": "Path of the category of its requests"}
        ),
        "chain": fields.Dict(keys=fields.String(), allow_none=True, metadata=_CHAIN),
        "tasks": fields.List(fields.Nested(CatalogTaskIn), allow_none=True, validate=validate.Length(max=plans.MOST)), **more,
    }  # fmt: skip


def _audience() -> dict[str, Any]:
    return {
        "category_id": fields.UUID(allow_none=True),
        "roles": fields.List(
            fields.String(validate=validate.OneOf(list(CONTACT_ROLES))), metadata={"description": "Whoever has one of them; all where none"}
        ),
        "site_ids": fields.List(fields.UUID(), metadata={"description": "Whoever is at one of them; all where none"}),
    }  # fmt: skip


class _Content(Schema):
    name = fields.String(required=True)
    summary = fields.String(required=True)
    description = fields.String(required=True)
    icon = fields.String(required=True)
    synonyms = fields.List(fields.String(), required=True)
    price_once = fields.String(allow_none=True, required=True)
    price_monthly = fields.String(allow_none=True, required=True)
    currency = fields.String(required=True)
    is_price_shown = fields.Boolean(required=True)
    service = fields.String(required=True)
    impact = fields.Integer(required=True)
    urgency = fields.Integer(required=True)
    form = fields.Dict(required=True)
    is_quoted = fields.Boolean(required=True)
    ticket_category = fields.String(required=True)
    chain = fields.Dict(required=True, allow_none=True, metadata={"description": "For agents only"})
    tasks = fields.List(fields.Nested(CatalogTaskOut), required=True, allow_none=True)


class CatalogTemplateOut(_Content):
    id = fields.UUID(required=True)
    category = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "Of its newest version"})
    is_active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


CatalogTemplateIn = Strict.from_dict(
    _written(name=line(LONGEST["name"], required=True), category=_text("category")), name="CatalogTemplateIn"
)
CatalogTemplateChange = Strict.from_dict(
    _written(name=line(LONGEST["name"]), category=_text("category"), is_active=Flag()), name="CatalogTemplateChange"
)


class CatalogDocument(Schema):
    format = fields.String(required=True)
    templates = fields.List(fields.Dict(keys=fields.String()), required=True)


class CatalogDocumentIn(Strict):
    format = fields.String(required=True, validate=validate.Equal(library.FORMAT), metadata={"example": library.FORMAT})
    templates = fields.List(
        fields.Dict(keys=fields.String()), required=True, validate=validate.Length(1, MOST), metadata={"example": [{"name": "Laptop"}]}
    )


class CatalogImported(Schema):
    ids = fields.List(fields.UUID(), required=True)


class CatalogItemOut(_Content):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    category_id = fields.UUID(allow_none=True, required=True)
    template_id = fields.UUID(allow_none=True, required=True, metadata={"description": "For agents only"})
    template_number = fields.Integer(allow_none=True, required=True, metadata={"description": "The version it was taken from"})
    roles = fields.List(fields.String(), required=True, metadata={"description": "For agents only"})
    site_ids = fields.List(fields.UUID(), required=True, metadata={"description": "For agents only"})
    is_visible = fields.Boolean(required=True)
    expected_seconds = fields.Integer(
        allow_none=True, required=True, metadata={"description": "Working seconds that the service levels promise"}
    )
    number = fields.Integer(required=True, metadata={"description": "Of the version in force; an order names it"})
    version = fields.Integer(required=True)


CatalogItemIn = Strict.from_dict(_written(name=line(LONGEST["name"], required=True), **_audience()), name="CatalogItemIn")
CatalogItemChange = Strict.from_dict(
    _written(name=line(LONGEST["name"]), is_visible=Flag(), **_audience()), name="CatalogItemChange"
)


class CatalogCopyIn(Strict):
    template_id = fields.UUID(required=True)


class CatalogQuery(PageQuery):
    tenant_id = fields.UUID(load_default=None, metadata={"description": "Whose; a contact has but one"})


class CatalogItemQuery(CatalogQuery):
    words = fields.String(load_default="", validate=validate.Length(max=200), metadata={"description": "In name, summary or synonyms"})
    category_id = fields.UUID(load_default=None)


class CatalogCategoryOut(Schema):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    name = fields.String(required=True)
    icon = fields.String(required=True)
    position = fields.Integer(required=True)
    is_active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class CatalogCategories(Schema):
    data = fields.List(fields.Nested(CatalogCategoryOut), required=True)


class CatalogCategoryIn(Strict):
    name = line(60, required=True)
    icon = fields.String(load_default="box", validate=validate.OneOf(ICONS))


class CatalogOrderIn(Strict):
    number = fields.Integer(
        strict=True, required=True, validate=validate.Range(1, 1_000_000), metadata={"description": "The item’s, as it was read"}
    )
    answers = fields.Dict(keys=fields.String(), load_default=dict)
    note = fields.String(load_default="", validate=validate.Length(max=NOTE_LENGTH))
    contact_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "Who orders; for agents"})
    for_contact_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "Who gets it"})


class CatalogLine(Schema):
    section = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.String(required=True)


class CatalogOrderOut(Schema):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    item_name = fields.String(required=True)
    item_version_id = fields.UUID(required=True)
    ticket_id = fields.UUID(required=True)
    ticket = fields.String(required=True, metadata={"description": "Reference of the request"})
    status = fields.String(required=True)
    group_id = fields.UUID(required=True, metadata={"description": "Shared by what was ordered together"})
    contact_id = fields.UUID(required=True)
    for_contact_id = fields.UUID(required=True)
    for_name = fields.String(required=True)
    ordered_by_name = fields.String(required=True)
    answers = fields.Dict(required=True)
    lines = fields.List(fields.Nested(CatalogLine), required=True)
    note = fields.String(required=True)
    price_once = fields.Decimal(as_string=True, allow_none=True, required=True)
    price_monthly = fields.Decimal(as_string=True, allow_none=True, required=True)
    currency = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": f"One of {', '.join(ORDER_STATES)}"})
    approval_id = fields.UUID(required=True, allow_none=True, metadata={"description": "Its last approval, where anybody was asked"})
    quote = fields.String(required=True)
    quoted_by_name = fields.String(required=True, allow_none=True)
    quoted_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)
    version = fields.Integer(required=True)


class CatalogOrderChange(Strict):
    answers = fields.Dict(keys=fields.String(), required=True, metadata={"description": "All of them, by the form it was ordered under"})
    note = fields.String(load_default="", validate=validate.Length(max=NOTE_LENGTH))


class CatalogQuoteIn(Strict):
    once = fields.Decimal(load_default=None, allow_none=True, places=None, metadata={"description": "A decimal text", "example": "120.00"})
    monthly = fields.Decimal(load_default=None, allow_none=True, places=None, metadata={"description": "A decimal text"})
    words = fields.String(load_default="", validate=validate.Length(max=LONGEST_QUOTE))


class CatalogLineIn(Strict):
    item_id = fields.UUID(required=True)
    number = fields.Integer(strict=True, required=True, validate=validate.Range(1, 1_000_000))
    answers = fields.Dict(keys=fields.String(), load_default=dict)
    note = fields.String(load_default="", validate=validate.Length(max=NOTE_LENGTH))
    for_contact_id = fields.UUID(load_default=None, allow_none=True)


class CatalogLineChange(Strict):
    number = fields.Integer(strict=True, required=True, validate=validate.Range(1, 1_000_000))
    answers = fields.Dict(keys=fields.String(), load_default=dict)
    note = fields.String(load_default="", validate=validate.Length(max=NOTE_LENGTH))
    for_contact_id = fields.UUID(load_default=None, allow_none=True)


class CatalogLineOut(Schema):
    id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    item_name = fields.String(required=True, allow_none=True, metadata={"description": "Null where it can no longer be ordered"})
    number = fields.Integer(required=True, metadata={"description": "The item’s, as it was answered"})
    number_now = fields.Integer(required=True, allow_none=True, metadata={"description": "The item’s in force; an order names it"})
    answers = fields.Dict(required=True)
    note = fields.String(required=True)
    for_contact_id = fields.UUID(required=True, allow_none=True)
    created_at = Instant(required=True)
    version = fields.Integer(required=True)


class CatalogBasket(Schema):
    data = fields.List(fields.Nested(CatalogLineOut), required=True)


class CatalogSeen(Strict):
    line_id = fields.UUID(required=True)
    number = fields.Integer(strict=True, required=True, validate=validate.Range(1, 1_000_000))


class CatalogBasketIn(Strict):
    lines = fields.List(
        fields.Nested(CatalogSeen), required=True, validate=validate.Length(1, MOST_LINES),
        metadata={"description": "Every line of the basket with the version of its item that was read"},
    )  # fmt: skip


class CatalogOrders(Schema):
    data = fields.List(fields.Nested(CatalogOrderOut), required=True)
