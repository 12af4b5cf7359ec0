"""Articles that stand beside another one, as its editor's form holds them: found, added, put in order, taken out; kept on saving."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from agent_console import forms
from msp.core.actor import Actor
from msp.itsm.knowledge import queries
from msp.itsm.knowledge.services import MOST_RELATED

OFFERED = 8


@dataclass(frozen=True)
class Related:
    """Those chosen in their order, with their titles; and what the words found that were typed to add one."""

    chosen: Sequence[tuple[UUID, str]]
    words: str = ""
    found: Sequence[tuple[UUID, str]] = ()


def chosen(sent: forms.Form) -> list[UUID]:
    """The ids that the form holds, after what its button asks for: `add`, `up`, `down` or `drop` and an id."""
    ids = list(dict.fromkeys(forms.ids(sent, "related")))
    act, _, of = sent.get("arrange", "").partition(":")
    if not of:
        return ids
    id = forms.one_id(forms.Form({"related": of}), "related")
    if id is None:
        return ids
    if act == "add":
        return [*ids, id][:MOST_RELATED] if id not in ids else ids
    if id not in ids:
        return ids
    at = ids.index(id)
    ids.remove(id)
    if act in ("up", "down"):
        ids.insert(max(0, at + (1 if act == "down" else -1)), id)
    return ids


def related(ids: Sequence[UUID], *, by: Actor, own_id: UUID | None = None, words: str = "") -> Related:
    """What the editor shows; `own_id` is the article itself, which is no relative of its own."""
    words = words.replace("\0", "").strip()[:200]
    titles = queries.titles(ids, by=by)
    rows = queries.article_page(words=words, limit=OFFERED + len(ids) + 1, by=by).rows if words else ()
    found = [(row.id, row.title) for row in rows if row.id not in titles and row.id != own_id]
    return Related([(id, titles[id]) for id in ids if id in titles], words, found[:OFFERED])
