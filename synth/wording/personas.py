"""Who the user is: an occupation and a moment, drawn by the plan, told now and then in passing.

VULCAN takes personas from PersonaHub; these are made by rules, the same for all tasks of a plan.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

TOLD = 0.35
PEOPLE = {
    "a baker": "I run a small bakery",
    "a night nurse": "I work nights at a hospital",
    "a beekeeper": "I keep bees for a living",
    "a school teacher": "I teach at a school",
    "a retired sailor": "I have just retired from the sea",
    "a taxi driver": "I drive a taxi",
    "a law student": "I am studying law",
    "a florist": "I have a flower shop",
    "a carpenter": "I am a carpenter",
    "a violin maker": "I build violins",
    "a parent of twins": "I am at home with my twins",
    "a tour guide": "I guide tours",
    "an accountant": "I keep the books of a small firm",
    "a farm hand": "I work on a farm",
    "a stage designer": "I design stages",
    "a chemist": "I work in a laboratory",
    "a train conductor": "I work on trains",
    "a translator": "I translate for a living",
    "a football coach": "I coach a youth team",
    "a librarian": "I work in a library",
    "a welder": "I weld for a shipyard",
    "a choir leader": "I lead a choir",
    "a dentist": "I have a dental practice",
    "a gardener": "I look after other people's gardens",
}
MOMENTS = {
    "with little time": "and have only a few minutes",
    "on the way to work": "and am on my way there now",
    "new to all this": "and have not done this before",
    "in between two appointments": "and am between two appointments",
    "well prepared": "",
    "a little tired": "and it has been a long day",
}


@dataclass(frozen=True)
class Persona:
    """`who` is for whoever plays the user; `aside` is what the user says of it, or nothing."""

    who: str
    aside: str = ""


def persona_of(key: str) -> Persona:
    """Draw a persona: the same key, the same person."""
    rng = random.Random(f"persona {key}")
    (person, work), (moment, now) = (rng.choice(list(pairs.items())) for pairs in (PEOPLE, MOMENTS))
    aside = f"{work} {now}".strip() + "." if rng.random() < TOLD else ""
    return Persona(f"{person}, {moment}", aside)
