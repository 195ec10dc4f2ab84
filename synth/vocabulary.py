"""Read names and descriptions of tools: tokens, verbs, nouns, singulars."""

from __future__ import annotations

import re
from functools import cache

ARCHETYPES: dict[str, str] = {
    "create": """create add post send place book register purchase buy open submit insert make
        issue schedule reserve comment reply write new upload save store publish enroll hire""",
    "update": """update edit modify change set adjust rename mark assign apply increase decrease
        exchange return retweet mention follow fund deposit withdraw transfer pay refuel fill
        resolve close reopen approve reject lock unlock enable disable activate deactivate
        start stop press release toggle turn suspend resume grant revoke connect disconnect reset
        reboot reseat move copy log confirm complete accept decline pause""",
    "delete": "delete remove cancel unfollow drop clear revoke unsubscribe discard",
    "login": "login authenticate signin auth",
    "logout": "logout signout",
    "get": """get retrieve fetch show view read display check verify validate lookup track
        describe info status details detail query""",
    "list": "list all browse",
    "find": "find search filter recommend match discover",
    "compute": """calculate compute convert estimate sum mean average round multiply divide
        subtract power logarithm sqrt square percentage max min count predict analyze""",
}
VERBS = {word: kind for kind, words in ARCHETYPES.items() for word in words.split()}
STOP = frozenset(
    """a an the of for to in on by with from and or is are as at be it its this that all any new
    current specific user-defined given list details detail info information status data based
    history record records queue collection map set""".split()
)
NOUN_TOO = frozenset("store book post comment log status record issue".split())
PREPOSITIONS = frozenset("for by from of to in based with on".split())
CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman"}


@cache
def tokens(name: str) -> tuple[str, ...]:
    """Split a name in any style into lower-case words."""
    return tuple(word.lower() for word in CAMEL.findall(name))


@cache
def singular(word: str) -> str:
    """Return the singular of an English noun, roughly."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def nouns(name: str) -> tuple[str, ...]:
    """Return the singular words of a name that are neither verbs nor fillers."""
    found = (singular(word) for word in tokens(name))
    return tuple(word for word in found if word not in STOP and len(word) > 1)


def head_nouns(name: str) -> tuple[str, ...]:
    """Return the nouns of a name before its first preposition: what it is about."""
    words = tokens(name)
    cut = next((i for i, word in enumerate(words) if i and word in PREPOSITIONS), len(words))
    return nouns("_".join(words[:cut]))


def squeeze(name: str) -> str:
    """Return a name without case, separators and plural: equal for `watch_list`, `watchlist`."""
    return "".join(singular(word) for word in tokens(name))


def verb_of(name: str, description: str) -> tuple[str, str]:
    """Return (archetype, verb) of a tool; ("other", "") where no word tells.

    The first verb of the name decides, then the first of the description.
    """
    words = tokens(name)
    joined = "".join(words)
    clear = [word for word in words if word in VERBS and word not in NOUN_TOO]
    for kind in ("login", "logout"):
        if any(joined.endswith(word) for word in ARCHETYPES[kind].split()):
            return kind, kind
    if words and words[0] in VERBS:
        return VERBS[words[0]], words[0]
    for word in clear or [word for word in words if word in VERBS]:
        return VERBS[word], word
    if re.match(r"(returns?|displays?|gives?)\b", description.lower()):
        return "get", "get"
    for word in re.findall(r"[a-z]+", description.lower())[:4]:
        for form in (word, singular(word), word.removesuffix("es")):
            if form in VERBS:
                return VERBS[form], form
    return "other", words[0] if words else ""


def stem(word: str) -> str:
    """Cut a verb to what its forms share: cancel, cancelled, cancellation -> cancel."""
    for ending in ("lation", "ation", "ition", "ing", "led", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@cache
def past(verb: str) -> str:
    """Return the past participle of a verb, roughly."""
    special = {
        "transfer": "transferred",
        "submit": "submitted",
        "get": "retrieved",
        "find": "found",
        "drop": "dropped",
        "stop": "stopped",
        "write": "written",
        "send": "sent",
        "set": "set",
        "pay": "paid",
        "make": "made",
        "buy": "bought",
    }
    if verb in special:
        return special[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + ("led" if verb in ("cancel", "travel", "label") else "ed")
