"""Which drill is trained on and which is held out: values, chains, or whole worlds.

A few *home* worlds come up again and again in training; beside them stand worlds that training
meets once, a few drills long, so that tools are read and not only remembered.

train    home worlds and passing ones; neither unseen values nor unseen chains
values   home worlds, chains of training, values (names, keys) that it never asks about
chains   home worlds, chains of verbs and nouns that it never asks for
worlds   worlds whose nouns, fields and closed values it never shows; verbs, dates, cities and the
         names of rows are shared
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from harness.faults import UserMistake
from harness.types import Task
from synth.drills.lazy import MadeTasks
from synth.drills.tasks import Drawer, Drill
from synth.drills.worlds import DrillWorld, Place, drill_world

LEVELS = ("values", "chains", "worlds")
FEWEST = 3
LONGEST = 3
DRAWS = 4
PASSING = 10_000  # seeds of passing worlds begin here, those of home worlds at 0


@dataclass(frozen=True)
class Split:
    """How drills are drawn.

    `homes` is the number of home worlds, `home_share` the share of training drills in them,
    `stay` how many drills in a row a passing world serves. Training drills grow over the first
    `growth` of them: from one call and few tools to all there is. Held-out drills neither stay nor
    grow: each has a world or a state of its own.
    """

    homes: int = 8
    home_share: float = 0.5
    stay: int = 4
    most_tools: int = 6
    growth: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("homes", 1), ("stay", 1), ("most_tools", FEWEST)):
            if getattr(self, name) < least:
                raise UserMistake(f"{name}={getattr(self, name)} must be at least {least}")
        for name in ("home_share", "growth"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserMistake(f"{name}={getattr(self, name)} is not a share from 0 to 1")


class DrillTasks(MadeTasks):
    """`each` drills of every level: drill i of a level depends on the seed and i alone."""

    def __init__(self, levels: Sequence[str], each: int, seed: int, split: Split) -> None:
        super().__init__(each * len(levels))
        self.levels, self.each, self.seed, self.split = levels, each, seed, split

    def make(self, index: int) -> Task:
        return self.drill(self.levels[index // self.each], index % self.each)

    def bounds(self, level: str, number: int) -> tuple[int, int]:
        """Return the most tools and the most calls of drill `number`."""
        growing = level == "train" and self.split.growth
        grown = min(1.0, number / (self.split.growth * self.each)) if growing else 1.0
        tools = round(FEWEST + (self.split.most_tools - FEWEST) * grown)
        return tools, 1 if grown < 0.4 else 2 if grown < 0.7 else LONGEST

    def drill(self, level: str, number: int) -> Task:
        """Draw worlds and drills until one belongs to the level and is short enough."""
        rng = random.Random(f"{self.seed} {level} {number}")
        bounds = self.bounds(level, number)
        place = self.place(level, number, rng)
        while (drill := drawn_in(place, level, bounds[1], rng)) is None:
            place = self.another(place, rng)
        world = drill_world(place)
        return Task(
            id=f"{level}-{number:06d}",
            benchmark="drills",
            domain=world.package.env_id if level == "train" else level,
            payload={
                "place": asdict(place),
                "text": drill.text,
                "calls": [{"tool": call.tool, "args": dict(call.args)} for call in drill.calls],
                "offered": offer(world, drill, rng, bounds[0]),
                "chain": drill.chain,
            },
        )

    def place(self, level: str, number: int, rng: random.Random) -> Place:
        """Choose where to draw first: a home world or a passing one, as `stay` drills in a row."""
        stay = self.split.stay if level == "train" else 1
        block = random.Random(f"{self.seed} {level} world {number // stay}")
        passing = Place(block.randrange(PASSING, 10**8), 0, level == "worlds")
        if level == "worlds" or (level == "train" and rng.random() >= self.split.home_share):
            return passing
        return Place(block.randrange(self.split.homes), block.randrange(10**6), False)

    def another(self, place: Place, rng: random.Random) -> Place:
        """Choose another world where the first one has no fitting drill."""
        if place.seed < self.split.homes:
            return Place(rng.randrange(self.split.homes), rng.randrange(10**6), False)
        return replace(place, seed=rng.randrange(PASSING, 10**8))


def drawn_in(place: Place, level: str, longest: int, rng: random.Random) -> Drill | None:
    """Draw a few drills in one world and return the first that fits."""
    drawer = Drawer(drill_world(place), rng)
    for _ in range(DRAWS):
        drill = drawer.draw()
        if drill is not None and len(drill.calls) <= longest and belongs(drill, level):
            return drill
    return None


def belongs(drill: Drill, level: str) -> bool:
    """Say whether a drill may stand in a level."""
    if level == "worlds":
        return True
    if level == "chains":
        return drill.unseen_chain
    return not drill.unseen_chain and drill.unseen_value == (level == "values")


def offer(world: DrillWorld, drill: Drill, rng: random.Random, most: int) -> list[str]:
    """Choose three to `most` tools: those that are needed among others of the world."""
    needed = list(dict.fromkeys(call.tool for call in drill.calls))
    others = [r.spec.name for r in world.package.records if r.spec.name not in needed]
    extra = max(0, rng.randint(FEWEST, most) - len(needed))
    offered = needed + rng.sample(others, min(extra, len(others)))
    rng.shuffle(offered)
    return offered
