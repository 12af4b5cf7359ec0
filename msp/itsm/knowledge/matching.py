"""How words find an article: full text in the article's own language, and likeness of the title for typing mistakes."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from msp.itsm.knowledge.models import Article, ClientArticle, PublishedArticle
from msp.itsm.knowledge.words import DICTIONARIES

Searched = type[Article] | type[PublishedArticle] | type[ClientArticle]
ALIKE = 0.45  # of `word_similarity`; a letter missing or swapped in a word of six leaves about a half


def matches(model: Searched, words: str, *, loosely: bool = False) -> sa.ColumnElement[bool]:
    """Whether it holds the words, all of them unless `loosely`, or its title is nearly written so."""
    return sa.or_(model.search.op("@@")(_asked(model, words, loosely=loosely)), _likeness(model, words) >= ALIKE)


def rank(model: Searched, words: str) -> sa.ColumnElement[Any]:
    """How well it fits: the more the better."""
    found: sa.ColumnElement[Any] = sa.func.ts_rank(model.search, _asked(model, words, loosely=True)) + _likeness(model, words)
    return found


def _likeness(model: Searched, words: str) -> Any:
    return sa.func.word_similarity(words, model.title)


def _asked(model: Searched, words: str, *, loosely: bool) -> Any:
    """The words as a question in the language of the row: each dictionary has its own endings and stop words."""
    cases = {code: _question(name, words, loosely=loosely) for code, name in DICTIONARIES.items()}
    return sa.case(*((model.language == code, question) for code, question in cases.items()), else_=sa.cast("", TSQUERY))


def _question(dictionary: str, words: str, *, loosely: bool) -> Any:
    config = sa.cast(dictionary, REGCONFIG)
    if not loosely:
        return sa.func.websearch_to_tsquery(config, words)
    # Between words the text of a plain question has nothing but “&”; a lexeme stands in quotes and holds no “ & ”.
    return sa.cast(sa.func.replace(sa.cast(sa.func.plainto_tsquery(config, words), sa.Text), "' & '", "' | '"), TSQUERY)
