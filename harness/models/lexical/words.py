"""Words and their stems: the only thing the lexical baseline knows of a language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
PART = re.compile(r"\d+|[^\W\d_]+")
HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
IDEOGRAPHS = 0x2E80  # from here on, scripts that we cut into pairs of characters

_STOP = """a an the this that these those there here it its itself i me my mine we us our you your
    he him his she her they them their who whom whose which what when where why how am is are was
    were be been being do does did doing done have has had having will would shall should can
    could may might must let and or but nor so if then than because while as of at by for with
    about against between into through during before after above below to from up down in out on
    off over under again once all any both each few more most other some such only own same too
    very just also please help want need like know tell give show hey hi hello thanks thank s t re
    ll ve d m dont not no yes okay ok sure now one using use via per etc"""
STOP = frozenset(_STOP.split())
_GENERIC = """get fetch retrieve find search look lookup obtain calculate compute determine
    estimate check make create generate provide return perform execute run set update list add
    show display allow give function tool information info detail data value result number given
    specified specific based current available certain particular user name type used various
    several different optional default example request string object parameter format item new
    include enable"""
_SUFFIXES = """izations ization ations ation ators ator ating ated ates ate ements ement ments
    ment nesses ness ingly ings ing edly ied ies ers ors er or ions ion ives ive ally als al ities
    ity ables able ances ance ences ence ful es ed ly s e y"""
SUFFIXES = tuple(sorted(_SUFFIXES.split(), key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: its characters, its stem ("" for a stop word) and where it stands."""

    text: str
    term: str
    start: int
    end: int


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Strip English endings until none is left, keeping at least three letters."""
    word = word.lower().split("'")[0].split("’")[0]
    cut = True
    while cut:
        cut = False
        for suffix in SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 3:
                word, cut = word[: -len(suffix)], True
                break
    if len(word) > 3 and word[-1] == word[-2] and not word[-1].isdigit():
        return word[:-1]
    return word


GENERIC = frozenset(stem(word) for word in _GENERIC.split())


def weight(term: str) -> float:
    """Say how much a term tells: words that fit any tool tell little."""
    return 0.25 if term in GENERIC else 1.0


@lru_cache(maxsize=65536)
def term_of(word: str) -> str:
    """Return the stem of a word, or "" for a stop word."""
    lower = word.lower()
    return "" if lower in STOP or lower.replace("’", "'").split("'")[0] in STOP else stem(word)


def tokenize(text: str) -> list[Token]:
    """Cut a text into words with their places."""
    return [
        Token(word, term_of(word), match.start(), match.end())
        for match in TOKEN.finditer(text)
        for word in (match.group(),)
    ]


def terms(text: str) -> Iterator[str]:
    """Yield the stems of a text or an identifier, split at case, underscores and dots."""
    for word in PART.findall(text):
        if ord(word[0]) >= IDEOGRAPHS:
            yield from pairs(word)
            continue
        for part in humps(word):
            if term := term_of(part):
                yield term


def humps(word: str) -> list[str]:
    """Split camelCase; leave every other word whole."""
    if not word.isascii() or word.islower() or word.isupper() or word.istitle():
        return [word]
    return HUMP.findall(word)


def pairs(word: str) -> Iterator[str]:
    """Yield overlapping pairs of characters, for scripts that write no spaces."""
    if len(word) < 2:
        yield word
    for first in range(len(word) - 1):
        yield word[first : first + 2]
