"""From a package to verified tasks: chains, plans, families of twins, streamed by seed."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from harness.types import Task
from synth.abnormal import missing_tool, missing_value
from synth.binding import Binder
from synth.chains import Chain
from synth.changes import changing
from synth.drafts import KINDS, MODES, Draft, Unfit
from synth.families import Manner, fixed, manner_of, scenario, whole
from synth.graph import graph_of
from synth.ground import Ground, bundle
from synth.growth import sample_chain
from synth.infeasible import forbidden, missing_row
from synth.package import EnvPackage
from synth.plans import Rejected
from synth.scene import Scene
from synth.survey import Survey
from synth.tasks import Setting, assemble
from synth.twins import ambiguous
from synth.views import View

log = logging.getLogger(__name__)
TURNS, CALLS = (1, 1, 1, 2, 2, 3), (1, 2, 2, 3, 3, 4)
BARREN = 200
PER_CHAIN = 3
TWINS = 2


@dataclass(frozen=True)
class Wishes:
    """What tasks to make. `turns` and `calls` (per turn; at most, unless `exact`) are drawn from;
    repeat to weight.

    `twins` is how many kinds other than general each plan is told in (None: all that fit);
    `distractors` how many tools beside the needed ones are offered (None: all).
    """

    kinds: Sequence[str] = KINDS
    modes: Sequence[str] = MODES
    turns: Sequence[int] = TURNS
    calls: Sequence[int] = CALLS
    twins: int | None = TWINS
    distractors: int | None = None
    connectivity: str = "weak"
    exact: bool = False


@dataclass
class Maker:
    """Makes tasks of one package. `counts` says what was made and what was refused, and why."""

    package: EnvPackage
    seed: int = 0
    split: str = ""
    wishes: Wishes = Wishes()
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.survey = Survey(self.package)
        self.graph = graph_of(self.survey)
        self.rng = random.Random(f"{self.seed} {self.package.env_id}")
        self.setting = Setting(self.package, self.split, self.seed, self.wishes.distractors)
        self.binders: dict[str, Binder] = {}
        self.seen: set[str] = set()
        self.chains: Counter[str] = Counter()
        self.made: Counter[str] = Counter()

    @cached_property
    def ground(self) -> Ground:
        """What chains grow on; made from `graph` when the first is grown."""
        return Ground(self.survey, self.graph)

    def tasks(self, count: int) -> list[Task]:
        """Return `count` distinct tasks, fewer where the package gives no more."""
        found: list[Task] = []
        barren = 0
        while len(found) < count and barren < BARREN:
            family = list(self.family())
            barren = 0 if family else barren + 1
            found += family
        return found[:count]

    def family(self) -> Iterator[Task]:
        """Yield the tasks of one new plan; none where a check refuses it."""
        scene = self.scene()
        if scene is None:
            return
        manner = manner_of(scene, self.rng)
        family = f"{self.package.env_id}/{scene.plan.id}"
        general = self.task(lambda: scenario(scene, manner), family)
        if general is None:
            return
        if "scenario" in self.wishes.modes and "general" in self.wishes.kinds:
            yield general
        if "general" in self.wishes.kinds:
            yield from self.plain(scene, manner, family)
        if "scenario" in self.wishes.modes:
            yield from self.others(scene, manner, family, general.id)

    def scene(self) -> Scene | None:
        """Draw a chain and bind it in one of the initial states."""
        chain = self.chain()
        if chain is None or self.chains[chain.id] >= PER_CHAIN:
            self.counts["no new chain"] += 1
            return None
        try:
            scene = self.binder().bind(chain)
        except Rejected as reason:
            self.counts[f"plan: {reason}".split(": {")[0]] += 1
            return None
        if scene.plan.id in self.seen:
            self.counts["plan: seen before"] += 1
            return None
        self.seen.add(scene.plan.id)
        self.chains[chain.id] += 1
        self.counts["plans"] += 1
        return scene

    def chain(self) -> Chain | None:
        """Draw a chain, or calls that do not build on one another where a package has such."""
        turns = self.rng.choice(self.wishes.turns)
        sizes = [self.rng.choice(self.wishes.calls) for _ in range(turns)]
        share = len(self.ground.apart) / max(1, len(self.survey.views))
        if share and self.rng.random() < share:
            return bundle(self.ground, sizes[0], self.rng)
        way = self.wishes.connectivity
        return sample_chain(self.ground, sizes, self.rng, way, exact=self.wishes.exact)

    def binder(self) -> Binder:
        """Return the binder of a random initial state."""
        state_id = self.rng.choice(list(self.package.states))
        if state_id not in self.binders:
            self.binders[state_id] = Binder(self.survey, state_id, self.rng)
        return self.binders[state_id]

    def plain(self, scene: Scene, manner: Manner, family: str) -> Iterator[Task]:
        """Yield the plan as queries: one per turn, or one for all."""
        options: list[Callable[[], Draft]] = []
        if "fixed" in self.wishes.modes:
            options.append(lambda: fixed(scene, manner))
        if "whole" in self.wishes.modes and scene.turns > 1:
            options.append(lambda: whole(scene, manner))
        if self.wishes.twins is not None and len(options) > 1:
            options = [self.rng.choice(options)]
        for make in options:
            if (task := self.task(make, family)) is not None:
                yield task

    def others(self, scene: Scene, manner: Manner, family: str, twin: str) -> Iterator[Task]:
        """Yield twins of the other kinds, the rarest so far first."""
        kinds = [kind for kind in self.wishes.kinds if kind != "general"]
        kinds.sort(key=lambda kind: self.made[kind])
        left = len(kinds) if self.wishes.twins is None else self.wishes.twins
        for kind in kinds:
            if left and (task := self.twin(kind, scene, manner, family, twin)) is not None:
                left -= 1
                yield task

    def twin(self, kind: str, scene: Scene, manner: Manner, family: str, twin: str) -> Task | None:
        """Return one twin of a kind, by the first way of making it that fits."""
        ways: dict[str, list[Callable[[], Draft]]] = {
            "ambiguous": [
                lambda: ambiguous(scene, manner, self.rng, self.mode()),
                lambda: ambiguous(scene, manner, self.rng),
            ],
            "changing": [lambda: changing(scene, manner, self.rng)],
            "infeasible": [
                lambda: self.forbidden(scene, manner),
                lambda: missing_row(scene, manner, self.rng),
            ],
            "abnormal": [
                lambda: missing_tool(scene, manner),
                lambda: missing_value(scene, manner, self.rng),
            ],
        }
        options = ways[kind]
        if kind == "abnormal":
            self.rng.shuffle(options)
        for make in options:
            if (task := self.task(make, family, twin)) is not None:
                self.made[kind] += 1
                return task
        return None

    def mode(self) -> str:
        """Tell a quarter of the ambiguous tasks as fixed queries."""
        return "fixed" if "fixed" in self.wishes.modes and self.rng.random() < 0.25 else "scenario"

    def forbidden(self, scene: Scene, manner: Manner) -> Draft:
        """Bind the plan's chain again so that a guard refuses its last call."""
        last = self.survey.views[scene.chain.nodes[-1].tool]
        guards = self.survey.touches[last.name].guards - self.survey.keys
        if not self.calculates(last) and (last.reads or not guards):
            raise Unfit("no guard to break")
        try:
            refused = self.binders[scene.plan.state_id].bind(scene.chain, refused=True)
        except Rejected as reason:
            raise Unfit(str(reason)) from None
        return forbidden(refused, manner_for(refused, manner))

    def calculates(self, view: View) -> bool:
        """Say whether a tool refuses arguments that have no result."""
        return view.effect == "compute" and bool(self.package.programs[view.name].requirements)

    def task(self, make: Callable[[], Draft], family: str, twin: str = "") -> Task | None:
        """Assemble a task; None where it does not fit, which is counted."""
        try:
            draft = make()
            task = assemble(draft, self.setting, family, twin)
        except Unfit as reason:
            self.counts[f"task: {reason}"] += 1
            return None
        self.counts[f"{draft.kind} {draft.mode}"] += 1
        return task


def manner_for(scene: Scene, manner: Manner) -> Manner:
    """Take over a manner for another binding of the chain: the user may be another person."""
    other = manner_of(scene, random.Random(manner.seed))
    me = other.me if manner.me is not None else None
    return replace(manner, me=me)


def make_tasks(
    package: EnvPackage, count: int, seed: int = 0, split: str = "", wishes: Wishes = Wishes()
) -> list[Task]:
    """Make `count` verified tasks of a package: same seed, same tasks."""
    return Maker(package, seed, split, wishes).tasks(count)
