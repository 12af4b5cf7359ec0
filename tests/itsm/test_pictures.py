"""Pictures of articles: written anew, bounded, shown to whoever reads the text that shows them and to nobody else."""

import io
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from msp.core.errors import Conflict, Forbidden, Invalid, NotFound
from msp.core.files.images import ImageRefused
from msp.core.files.storage import FileTooLarge
from msp.itsm.knowledge import services as articles
from msp.itsm.knowledge import text
from msp.itsm.knowledge.pictures import queries, services
from tests.itsm.test_knowledge import published
from tests.support import world
from tests.support.caller import Caller


def png(width: int = 40, height: int = 20, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG", **options)
    return out.getvalue()


def shown(app: Any, *companies: Any, **fields: Any) -> tuple[Any, Any]:
    """A published article that shows a picture."""
    row = published(app, world.unique("Cabling "), *companies, **fields)
    with world.as_staff(app) as by:
        picture = services.add_picture(row.id, "rack.png", io.BytesIO(png()), by=by)
        row = articles.change_article(row.id, version=row.version, body=f"See {services.markdown(picture)}", by=by)
        row = articles.move_article(row.id, "published", version=row.version, by=by)
    return row, picture


def test_a_picture_is_written_anew_and_small(console_app: Any) -> None:
    from PIL.PngImagePlugin import PngInfo

    hidden = PngInfo()
    hidden.add_text("Comment", "taken at home")
    row = published(console_app, "Rack")
    with world.as_staff(console_app) as by:
        made = services.add_picture(row.id, "../rack [1].png", io.BytesIO(png(3000, 1500, pnginfo=hidden)), by=by)
        assert (made.kind, made.width, made.height) == ("png", 1600, 800)
        kept = b"".join(queries.content(row.id, made.file_name, by=by))
        assert b"taken at home" not in kept
        assert Image.open(io.BytesIO(kept)).size == (1600, 800)
        assert services.markdown(made) == f"![rack 1](picture:{made.id}.png)"


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", Invalid), (b"<svg onload='x'/>", ImageRefused), (b"GIF89a", ImageRefused), (b"x" * (services.LARGEST + 1), FileTooLarge)],
)  # fmt: skip
def test_what_is_no_picture_or_too_large_is_refused(console_app: Any, content: bytes, error: type[Exception]) -> None:
    row = published(console_app, "Rack")
    with world.as_staff(console_app) as by:
        with pytest.raises(error):
            services.add_picture(row.id, "x.png", io.BytesIO(content), by=by)
        assert queries.pictures(row.id, by=by) == []


def test_an_article_holds_so_many_and_one_that_is_shown_stays(console_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST", 2)
    row, picture = shown(console_app)
    with world.as_staff(console_app) as by:
        other = services.add_picture(row.id, "other.png", io.BytesIO(png()), by=by)
        with pytest.raises(Conflict, match="at most 2"):
            services.add_picture(row.id, "third.png", io.BytesIO(png()), by=by)
        with pytest.raises(Conflict, match="shows this picture"):
            services.remove_picture(row.id, picture.id, by=by)
        row = articles.change_article(row.id, version=row.version, body="Gone.", by=by)
        with pytest.raises(Conflict, match="shows this picture"):
            services.remove_picture(row.id, picture.id, by=by)
        articles.move_article(row.id, "published", version=row.version, by=by)
        services.remove_picture(row.id, picture.id, by=by)
        assert [each.id for each in queries.pictures(row.id, by=by)] == [other.id]
        with pytest.raises(NotFound):
            queries.content(row.id, picture.file_name, by=by)


def test_a_picture_is_seen_by_whoever_reads_the_article_alone(
    console_app: Any, acme: Any, birch: Any, portal_of: Any
) -> None:
    row, picture = shown(console_app, acme)
    mine, theirs = portal_of(acme), portal_of(birch)
    one = f"/help/{row.id}/pictures/{picture.file_name}"
    assert f'<img src="{one}"' in mine.get(f"/help/{row.id}").text
    answer = mine.get(one)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert Image.open(io.BytesIO(answer.data)).size == (40, 20)
    assert theirs.get(one).status_code == 404
    own = published(console_app, "Theirs", birch, body=f"![x](picture:{picture.file_name})")
    assert theirs.get(f"/help/{own.id}/pictures/{picture.file_name}").status_code == 404
    for unknown in (f"{uuid4()}.png", "x", "..%2f..%2fx.png", f"{picture.id}.jpeg"):
        assert mine.get(f"/help/{row.id}/pictures/{unknown}").status_code == 404
    with world.as_staff(console_app) as by:
        later = services.add_picture(row.id, "later.png", io.BytesIO(png()), by=by)
        articles.change_article(row.id, version=row.version, body=f"Now {services.markdown(later)}", by=by)
    assert mine.get(f"/help/{row.id}/pictures/{later.file_name}").status_code == 404, "its text is not published yet"
    with world.as_staff(console_app) as by:
        articles.move_article(row.id, "retired", version=row.version + 1, by=by)
    assert mine.get(one).status_code == 404


def test_a_role_that_may_not_read_it_sees_no_picture(console_app: Any, acme: Any, portal_of: Any) -> None:
    row, picture = shown(console_app, acme, readers="managers")
    one = f"/help/{row.id}/pictures/{picture.file_name}"
    assert portal_of(acme).get(one).status_code == 404
    assert portal_of(acme, "manager").get(one).status_code == 200


def test_who_may_not_write_it_adds_none(console_app: Any, acme: Any, birch: Any) -> None:
    row, picture = shown(console_app, acme)
    _, reader = world.agent(console_app, "read_only")
    _, limited = world.agent(console_app, "agent", clients=[birch.id])
    for actor, error in ((reader, Forbidden), (limited, NotFound)):
        with world.acting(console_app, actor) as by:
            with pytest.raises(error):
                services.add_picture(row.id, "x.png", io.BytesIO(png()), by=by)
            with pytest.raises(error):
                services.remove_picture(row.id, picture.id, by=by)
    with world.acting(console_app, limited) as by, pytest.raises(NotFound):
        queries.content(row.id, picture.file_name, by=by)


def test_over_the_api(console_app: Any, portal_app: Any, acme: Any, birch: Any) -> None:
    row, picture = shown(console_app, acme)
    agent = Caller(console_app, "console.localhost", world.agent(console_app)[1], "people:write")
    one = f"/articles/{row.id}/pictures"
    made = agent("POST", one, data={"file": (io.BytesIO(png()), "b.png")})
    assert (made.status_code, made.json["width"]) == (201, 40)
    assert [each["name"] for each in agent("GET", one).json["data"]] == ["rack.png", "b.png"]
    assert agent("GET", f"{one}/{made.json['file_name']}").mimetype == "image/png"
    assert agent("DELETE", f"{one}/{made.json['id']}").status_code == 204
    assert agent("DELETE", f"{one}/{picture.id}").status_code == 409
    assert agent("POST", one, json={"file": "x"}).status_code == 415
    assert agent("POST", one, data={"other": (io.BytesIO(b"x"), "b.png")}).status_code == 422
    assert agent("POST", one, data={"file": (io.BytesIO(b"x"), "b.png")}).status_code == 415
    read = f"/help-articles/{row.id}/pictures/{picture.file_name}"
    assert Caller(portal_app, acme.host, acme.actor(), "tickets:write")("GET", read).status_code == 200
    assert Caller(portal_app, birch.host, birch.actor(), "tickets:write")("GET", read).status_code == 404


def test_only_its_own_pictures_are_shown() -> None:
    name = f"{uuid4()}.png"
    body = f"![own](picture:{name}) ![far](https://x.example/p.png) ![bad](javascript:x) ![odd](picture:../x.png) `![c](picture:{name})`"
    made = text.html(body, lambda found: f"/here/{found}")
    assert f'<img src="/here/{name}" alt="own" loading="lazy">' in made
    assert made.count("<img") == 1
    for words in ("far", "bad", "odd"):
        assert words in made
    assert "x.example" not in made
    assert "<img" not in text.html(body)
    assert text.pictures_in(body) == {name}
    assert text.without_pictures(f"a ![b](picture:{name}) c") == "a b c"
