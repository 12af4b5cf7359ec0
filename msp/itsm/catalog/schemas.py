"""The catalogue over the API: what comes in and what goes out."""

from typing import Any

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, PageQuery, Strict, line
from msp.itsm.catalog import library
from msp.itsm.catalog.asking import NOTE_LENGTH
from msp.itsm.catalog.content import ICONS, LONGEST, LONGEST_SYNONYM, MOST_SYNONYMS
from msp.itsm.catalog.services.templates import MOST
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


def _nothing() -> fields.Raw:
    return fields.Raw(allow_none=True, validate=validate.Equal(None), metadata={"description": "Not used yet: null"})


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
        "chain": _nothing(), "tasks": _nothing(), **more,
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
    roles = fields.List(fields.String(), required=True)
    site_ids = fields.List(fields.UUID(), required=True)
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
    created_at = Instant(required=True)
