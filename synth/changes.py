"""Changes of mind: another value once the first is in place, another goal, one goal more.

Whatever the agent has done when the change comes, the final state is that of one plan.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from synth.drafts import Draft, Move, Unfit
from synth.families import Manner, Telling, scenario
from synth.plans import Step, replay
from synth.scene import Act, Scene
from synth.values import Values
from synth.views import View
from synth.wording.lexicon import attribute_of, noun_of, say, sentence
from synth.wording.requests import lower_first
from synth.wording.slots import ROW

LEADS = ("Actually,", "On second thought,", "Wait,")
Value = tuple[str, str, Any]


def changing(scene: Scene, manner: Manner, rng: random.Random) -> Draft:
    """Change a value after the first answer, or the goal itself while a row is still unnamed."""
    makers = [change_value, change_goal, add_goal]
    rng.shuffle(makers)
    for make in makers:
        try:
            return make(scene, manner, rng)
        except Unfit:
            continue
    raise Unfit("no change of mind fits")


def change_value(scene: Scene, manner: Manner, rng: random.Random) -> Draft:
    """Ask for another value first; the final state is that of the plan either way."""
    options = [
        (act, value)
        for act in scene.acts
        for value in act.values
        if act.wish is None and act.subject is not None and corrector(scene, act, value) is not None
    ]
    if not options:
        raise Unfit("no value can be changed later")
    act, (param, column, value) = rng.choice(options)
    wrong = another_value(scene, act, param, value, rng)
    if wrong is None:
        raise Unfit("no other value")
    index = next(i for i, group in enumerate(manner.groups) if act.turn in group)
    if is_mentioned_twice(scene, manner.groups[index], column or param):
        raise Unfit("two values that the change could mean")
    telling = Telling(with_value(scene, act, param, wrong), manner)
    subtasks = [telling.subtask(group) for group in manner.groups]
    noun, said = attribute_of(column or param).noun, say(value, manner.dates)
    words = telling.voice.pick(f"make the {noun} {said} instead", f"the {noun} should be {said}")
    drift = {
        "after": "reply",
        "text": f"{telling.voice.pick(*LEADS)} {words}.",
        "from": wrong,
        "to": value,
        "slot": f"value:{act.step}:{param}",
    }
    kept = [slot for slot in subtasks[index]["slots"] if slot["id"] != drift["slot"]]
    subtasks[index] |= {"slots": kept, "drift": drift}
    path, last = corrected_path(scene, act, (param, column, value), wrong, manner.groups[index][-1])
    moves = [telling.report(group) for group in manner.groups]
    moves.insert(index + 1, Move(f"Done. {sentence(f'the {noun} is now {said}')}", (last,)))
    draft = replace(
        scenario(scene, manner),
        kind="changing",
        subtasks=tuple(subtasks),
        moves=tuple(moves),
        path=path,
    )
    require_same_end(draft)
    return draft


def is_mentioned_twice(scene: Scene, group: Sequence[int], column: str) -> bool:
    """Say whether more than one act of a message is about attributes of one name."""
    noun = attribute_of(column).noun
    acts = [act for turn in group for act in scene.of(turn)]
    names = [column or name for act in acts for name, column, _ in act.values]
    names += [fact.column or fact.what for act in acts for fact in act.facts]
    return sum(attribute_of(name).noun == noun for name in names) > 1


def corrector(scene: Scene, act: Act, value: Value) -> tuple[View, str] | None:
    """Return the tool and parameter that can set a value once more: the same, or an update."""
    views = scene.survey.views
    view = views[act.tool]
    if view.archetype == "update":
        return view, value[0]
    if view.archetype != "create":
        return None
    for other in views.values():
        if other.archetype == "update" and other.entity == view.entity and other.key is not None:
            named = [p.name for p in other.params if p.column == value[1]]
            if named and value[1]:
                return other, named[0]
    return None


def another_value(scene: Scene, act: Act, param: str, value: Any, rng: random.Random) -> Any:
    """Draw a value that is neither the wanted one nor the one there was."""
    view = scene.survey.views[act.tool]
    values = Values(scene.survey, scene.plan.state_id)
    spec = next(p for p in view.params if p.name == param)
    before = act.before.get(spec.column.partition(".")[2])
    drawn = (values.draw(view, spec, rng, value) for _ in range(6))
    return next((v for v in drawn if v is not None and v not in (value, before)), None)


def with_value(scene: Scene, act: Act, param: str, value: Any) -> Scene:
    """Return the scene with one value of one act replaced."""
    changed = tuple((p, c, value if p == param else v) for p, c, v in act.values)
    acts = tuple(replace(a, values=changed) if a is act else a for a in scene.acts)
    return replace(scene, acts=acts)


def corrected_path(
    scene: Scene, act: Act, value: Value, wrong: Any, turn: int
) -> tuple[tuple[Step, ...], str]:
    """Return what an agent does that acts at once and corrects itself after `turn`.

    The second result is the id of the correction. Raises Unfit where no tool can correct.
    """
    found = corrector(scene, act, value)
    if found is None or found[0].key is None:
        raise Unfit("nothing can correct the value")
    view, name = found
    assert view.key is not None
    gold = scene.plan.step(act.step)
    own: Mapping[str, Any] | None = gold.args.get(view.key.name)
    if view.name != act.tool or own is None:
        made = scene.survey.views[act.tool].paths(view.key_column)
        if not made:
            raise Unfit("the new row's key is not returned")
        own = {"ref": f"${act.step}{made[0][1:]}"}
    first = replace(gold, args={**gold.args, value[0]: {"literal": wrong}})
    number = str(max(int(step.id) for step in scene.plan.steps) + 1)
    args = {view.key.name: own, name: {"literal": value[2]}}
    last = Step(number, view.name, args, turn, depends=(act.step,))
    steps = [first if step.id == act.step else step for step in scene.plan.steps]
    before = [step for step in steps if step.turn <= turn]
    return (*before, last, *steps[len(before) :]), number


def require_same_end(draft: Draft) -> None:
    """Check by execution that the reference path ends in the plan's state. Raises Unfit."""
    run = replay(draft.scene.survey.blueprint(draft.scene.plan.state_id), draft.path)
    if run.faults or run.state != draft.state:
        raise Unfit("the corrected path ends elsewhere")


def change_goal(scene: Scene, manner: Manner, rng: random.Random) -> Draft:
    """Want something else of a row that was not named yet: nothing can have happened before."""
    index = len(manner.groups) - 1
    group = manner.groups[index]
    acts = [act for turn in group for act in scene.of(turn)]
    act = acts[-1]
    if len(acts) != 1 or act.subject is None or act.wish is not None:
        raise Unfit("not one change of one row")
    slot = next(
        (
            s
            for s in Telling(scene, manner).slots(group)
            if s.kind == ROW and s.target == act.subject
        ),
        None,
    )
    others = rivals(scene, act)
    if slot is None or not slot.literals or not others:
        raise Unfit("no rival goal, or nothing to ask")
    rival = rng.choice(others)
    first = replace(act, tool=rival.name, values=())
    acts = [first if other is act else other for other in scene.acts]
    vague = Telling(replace(scene, acts=tuple(acts)), manner, withheld=[slot.id])
    subtasks = [vague.subtask(g) for g in manner.groups]
    lead = vague.voice.pick("Actually, I have changed my mind.", "Wait, not that after all.")
    drift = {
        "after": "question",
        "text": f"{lead} {sentence(f'please {goal(scene, act, manner)} instead')}",
        "from": rival.name,
        "to": act.tool,
        "slot": slot.id,
    }
    plain = Telling(scene, manner)
    known = [s.to_json(withheld=s.id == slot.id) for s in plain.slots(group)]
    subtasks[index] |= {"slots": known, "drift": drift}
    moves = [*map(vague.report, manner.groups[:-1]), Move(vague.reporter.ask([slot]))]
    return replace(
        scenario(scene, manner),
        kind="changing",
        subtasks=tuple(subtasks),
        moves=(*moves, plain.report(group)),
    )


def rivals(scene: Scene, act: Act) -> list[View]:
    """Return other changes that can be asked for a row of the same table."""
    assert act.subject is not None
    return [
        view
        for view in scene.survey.views.values()
        if view.archetype in ("transition", "delete")
        and view.entity == act.subject[0]
        and view.key is not None
        and view.name != act.tool
    ]


def goal(scene: Scene, act: Act, manner: Manner) -> str:
    """Word the goal that a user turns to: the row is "it" by then."""
    view = scene.survey.views[act.tool]
    if view.archetype == "update":
        parts = [
            f"{attribute_of(column or param).noun} to {say(value, manner.dates)}"
            for param, column, value in act.values
        ]
        return f"change its {' and its '.join(parts)}"
    verb = view.verb or view.archetype
    assert act.subject is not None
    return f"{verb} that {noun_of(act.subject[0])}"


def add_goal(scene: Scene, manner: Manner, rng: random.Random) -> Draft:
    """Come up with the last message's wish only when all seemed done."""
    if len(manner.groups) < 2:
        raise Unfit("one message only")
    telling = Telling(scene, manner)
    *subtasks, last = [telling.subtask(group, greet=not i) for i, group in enumerate(manner.groups)]
    lead = telling.voice.pick(
        "Oh, one more thing that I had not planned:", "While we are at it, something new:"
    )
    acts = [act for turn in manner.groups[-1] for act in scene.of(turn)]
    drift = {
        "after": "end",
        "text": f"{lead} {lower_first(last['text'])}",
        "from": None,
        "to": [act.tool for act in acts],
        "slot": "",
    }
    subtasks[-1] |= {"slots": [*subtasks[-1]["slots"], *last["slots"]], "drift": drift}
    return replace(scenario(scene, manner), kind="changing", subtasks=tuple(subtasks))
