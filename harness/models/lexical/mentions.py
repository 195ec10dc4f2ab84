"""Mentions: the spans of a text that could be the value of an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.models.lexical.marks import SCALES, Mention, marked
from harness.models.lexical.words import GENERIC, Token

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty"""
_TENS = "thirty forty fifty sixty seventy eighty ninety"
ONES = {word: number for number, word in enumerate(_ONES.split())}
ONES |= {word: 10 * number for number, word in enumerate(_TENS.split(), start=3)}
COUNTS = ONES | SCALES
MOST = 200  # mentions of one text that are kept
JOINERS = frozenset({"of", "the", "de", "la", "von", "van", "der", "del", "al", "&"})


def find_mentions(text: str, tokens: list[Token]) -> list[Mention]:
    """Find what could be a value, in the order of the text and without overlaps.

    Of too many, the weakest kinds are dropped first.
    """
    found = list(marked(text))
    taken = spans(found)
    free = [token for token in tokens if not taken(token.start)]
    found += number_words(text, free)
    taken = spans(found)
    free = [token for token in free if not taken(token.start)]
    found += names(text, free)
    taken = spans(found)
    found += phrases(text, [token for token in free if not taken(token.start)])
    return sorted(found[:MOST], key=lambda mention: mention.start)


def spans(mentions: list[Mention]) -> Callable[[int], bool]:
    """Return a test whether a position lies in one of the mentions."""
    covered = {place for m in mentions for place in range(m.start, m.end)}
    return covered.__contains__


def number_words(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield numbers written as words: five, twenty-one, two hundred."""
    index = 0
    while index < len(tokens):
        first, total = index, 0
        while index < len(tokens) and (word := tokens[index].text.lower()) in COUNTS:
            if word in SCALES and index == first:
                break
            total = total * SCALES[word] if word in SCALES else total + ONES[word]
            index += 1
        if index > first and not (index - first == 1 and tokens[first].text.lower() == "one"):
            start, end = tokens[first].start, tokens[index - 1].end
            unit = tokens[index].text.lower() if index < len(tokens) else ""
            yield Mention("number", total, start, end, unit, text[start:end])
        index = max(index, first + 1)


def names(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield runs of capitalised words ("New York City", "San Francisco, CA")."""
    run: list[Token] = []
    for token in tokens:
        if run and not joined(text, run[-1], token):
            yield from name_of(text, run)
            run = []
        if token.text[0].isupper() or (run and token.text.lower() in JOINERS):
            run.append(token)
        elif run:
            yield from name_of(text, run)
            run = []
    yield from name_of(text, run)


def joined(text: str, left: Token, right: Token) -> bool:
    """Say whether two words belong to one name: a blank, or a comma before two capitals."""
    gap = text[left.end : right.start]
    if gap in (" ", "-", ". ", ".", " & "):
        return gap != ". " or len(left.text) <= 2
    return gap == ", " and len(right.text) == 2 and right.text.isupper()


def name_of(text: str, run: list[Token]) -> Iterator[Mention]:
    """Trim a run of capitalised words: no joiner at its end, no verb that opens a sentence."""
    while run and run[-1].text.lower() in JOINERS:
        run = run[:-1]
    while run and opens(text, run[0]) and (len(run) == 1 or common(run[0])):
        run = run[1:]
    while run and (not run[0].term or run[0].text in JOINERS):
        run = run[1:]
    if run:
        start, end = run[0].start, run[-1].end
        value = text[start:end]
        if value.endswith(("'s", "’s")):
            value, end = value[:-2], end - 2
        yield Mention("name", value, start, end, "", value)


def opens(text: str, token: Token) -> bool:
    """Say whether a word opens a sentence, where a capital means nothing."""
    before = text[max(0, token.start - 3) : token.start].rstrip()[-1:]
    return before in ("", ".", "!", "?", ":", '"', "“", "'")


def common(token: Token) -> bool:
    return not token.term or token.term in GENERIC


def phrases(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield runs of plain content words: the weakest candidates for a text."""
    run: list[Token] = []
    for token in tokens:
        if run and (not token.term or text[run[-1].end : token.start] not in (" ", "-")):
            yield phrase_of(text, run)
            run = []
        if token.term and not (opens(text, token) and token.text[0].isupper()):
            run.append(token)
    if run:
        yield phrase_of(text, run)


def phrase_of(text: str, run: list[Token]) -> Mention:
    start, end = run[0].start, run[-1].end
    return Mention("phrase", text[start:end], start, end, "", text[start:end])
