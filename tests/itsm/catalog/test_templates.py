"""Templates: a copy stays linked, shows its difference, takes over what was reviewed; export and import."""

from typing import Any

import pytest

from msp.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.catalog import library, queries
from msp.itsm.catalog.difference import differences
from msp.itsm.catalog.services import items, templates
from tests.support import world


def made(app: Any, **content: Any) -> Any:
    with world.as_staff(app) as by:
        return templates.add_template({"name": world.unique("Laptop"), "category": "Equipment", "price_once": "980", **content}, by=by)


def test_a_copy_stands_in_the_category_that_the_template_names(console_app: Any, acme: Any) -> None:
    template = made(console_app)
    with world.as_staff(console_app) as by:
        copy = items.take_template(template.id, acme.id, by=by)
        assert [each.name for each in queries.categories(acme.id, by=by)] == ["Equipment"]
        assert (copy.template_id, copy.template_number, copy.name) == (template.id, 1, template.name)
        with pytest.raises(Invalid, match="already"):
            items.take_template(template.id, acme.id, by=by)


def test_an_update_is_taken_over_after_review(console_app: Any, acme: Any) -> None:
    template = made(console_app, summary="14 inch")
    with world.as_staff(console_app) as by:
        copy = items.take_template(template.id, acme.id, by=by)
        content = queries.version_of(copy, 1).content
        copy = items.change_item(copy.id, content | {"price_once": "900"}, version=copy.version, category_id=copy.category_id, by=by)
        newer = {**library.version_of(template.id, 1).content, "price_once": "1100", "summary": "14 or 16 inch"}
        templates.change_template(template.id, newer, version=template.version, by=by)
        newest = library.visible_template(template.id, by=by).version
        found = differences(newest.content, queries.version_of(copy, 2).content, library.version_of(template.id, 1).content)
        assert [(each.field, each.template, each.client, each.is_news, each.is_own) for each in found] == [
            ("summary", "14 or 16 inch", "14 inch", True, False), ("price_once", "1100.00", "900.00", True, True),
        ]  # fmt: skip
        with pytest.raises(Conflict, match="difference again"):
            items.take_over(copy.id, ["summary"], number=1, version=copy.version, by=by)
        with pytest.raises(Invalid):
            items.take_over(copy.id, ["colour"], number=2, version=copy.version, by=by)
        copy = items.take_over(copy.id, ["summary"], number=2, version=copy.version, by=by)
        now = queries.version_of(copy, copy.number).content
        assert (now["summary"], now["price_once"], copy.template_number) == ("14 or 16 inch", "900.00", 2)
        assert queries.categories(acme.id, by=by)[0].id == copy.category_id


def test_templates_go_out_and_come_in_as_json(console_app: Any) -> None:
    template = made(console_app)
    with world.as_staff(console_app) as by:
        document = templates.exported([library.visible_template(template.id, by=by).version.content])
        [same] = templates.import_templates(document["templates"], by=by)
        assert (same.id, same.number) == (template.id, 1), "nothing was changed by it"
        other = {**document["templates"][0], "name": world.unique("Other"), "price_once": "5"}
        document["templates"][0]["price_once"] = "1000"
        changed, new = templates.import_templates([document["templates"][0], other], by=by)
        assert (changed.id, changed.number, new.number) == (template.id, 2, 1)


def test_an_import_with_a_fault_brings_nothing(console_app: Any) -> None:
    good = world.unique("Good")
    with world.as_staff(console_app) as by:
        for given, pointer in (
            ([{"name": good}, {"name": ""}], "/templates/1/name"), ([{"name": good}, {"name": good}], "/templates"), ([], "/templates"),
        ):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                templates.import_templates(given, by=by)
            assert pointer in [error.pointer for error in refused.value.errors]
        assert library.named([good]) == {}


def test_retired_templates_are_not_taken_and_strangers_read_none(console_app: Any, acme: Any) -> None:
    template = made(console_app)
    with world.as_staff(console_app) as by:
        retired = templates.offer_template(template.id, False, version=1, by=by)
        with pytest.raises(Conflict, match="no longer offered"):
            items.take_template(template.id, acme.id, by=by)
        with pytest.raises(StaleVersion):
            templates.change_template(template.id, {"name": "x"}, version=retired.version - 1, by=by)
    with world.acting(console_app, acme.actor("admin")) as by:
        with pytest.raises(NotFound):
            library.visible_template(template.id, by=by)
        with pytest.raises(Forbidden):
            templates.add_template({"name": "x"}, by=by)
