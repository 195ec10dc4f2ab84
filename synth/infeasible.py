"""Infeasible tasks (Trajectory2Task): a guard forbids the wish, or its row does not exist.

A task names the reads that show why it cannot be done, and the calls that must not be made.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from synth.drafts import Draft, Move, Unfit, refusal
from synth.families import Manner, Telling, facts_of
from synth.files import Files, files_of
from synth.plans import Run, Step, references, replay, resolve
from synth.scene import Mention, Scene
from synth.verify import holds
from synth.views import View
from synth.wording.lexicon import noun_of
from synth.wording.replies import plain_reason, words_of


def forbidden(scene: Scene, manner: Manner) -> Draft:
    """A guard refuses the last wish: find out why, do not try it, say so."""
    refused = scene.refused
    if refused is None:
        raise Unfit("nothing is refused")
    guards = scene.survey.touches[refused.tool].guards
    if any(column in guards for mention in scene.mentions.values() for column, _ in mention.told):
        raise Unfit("the text gives the reason away")
    run = replay(scene.survey.blueprint(scene.plan.state_id), scene.plan.steps)
    needs = scene.survey.views[refused.tool].needs
    args = resolve(refused, run.results)
    keys = {param.name: args[param.name] for param in needs}
    files = files_of(scene.survey)
    if scene.survey.views[refused.tool].effect == "compute":
        keys, steps, required = args, scene.plan.steps, None
    elif refused.tool in files.commands:
        keys = args
        steps, required = look_around(scene, refused, files)
    else:
        steps, required = diagnose(scene, refused, keys, run)
    telling = Telling(scene, manner)
    acts = [act for turn in manner.groups[-1] for act in scene.of(turn)]
    done = telling.reporter.report(acts[:-1]) if acts[1:] else ""
    no = telling.reporter.refuse(acts[-1], plain_reason(scene.reason))
    last = tuple(step.id for step in steps if step.turn in manner.groups[-1])
    return Draft(
        scene,
        "infeasible",
        "scenario",
        manner.style,
        (*map(telling.report, manner.groups[:-1]), Move(f"{done} {no}".strip(), last)),
        scene.plan.state,
        steps,
        subtasks=tuple(telling.subtask(group) for group in manner.groups),
        facts=facts_of(scene.acts),
        required=(required,) if required else (),
        forbidden=({"tool": refused.tool, "args": keys, "counts": how_it_counts(scene, refused)},),
        expects=(
            refusal(*words_of(scene.survey.views[refused.tool]), *file_names(scene, refused)),
        ),
        behaviour={"kind": "refuse", "reason": scene.reason},
    )


def look_around(
    scene: Scene, refused: Step, files: Files
) -> tuple[tuple[Step, ...], dict[str, Any]]:
    """Return a look at the directory, which shows what is there and what is not. Raises Unfit."""
    tools = [tool for kind in ("list", "find") for tool, c in files.commands.items() if c == kind]
    if not tools:
        raise Unfit("nothing shows why it is refused")
    look = Step(refused.id, tools[0], {}, refused.turn, depends=refused.depends)
    required = {"tools": tools, "shows": [], "tried": refused.tool}
    return (*scene.plan.steps, look), required


def file_names(scene: Scene, refused: Step) -> tuple[str, ...]:
    """Return the names by which a refused file command is known."""
    if refused.tool not in files_of(scene.survey).commands:
        return ()
    return tuple(str(value) for value in refused.literals.values())


def how_it_counts(scene: Scene, refused: Step) -> str:
    """A rule that the policy states must not even be tried; any other shows when it is tried."""
    noun = noun_of(scene.survey.views[refused.tool].entity).split()[-1]
    return "attempted" if noun in scene.survey.package.policy.lower() else "executed"


def diagnose(
    scene: Scene, refused: Step, keys: Mapping[str, Any], run: Run
) -> tuple[tuple[Step, ...], dict[str, Any]]:
    """Return steps that show why a call is refused, and the pattern of a call that shows it.

    What the guards read of the row must be shown by a read of that row. Raises Unfit.
    """
    survey, steps = scene.survey, scene.plan.steps
    columns = survey.touches[refused.tool].guards - survey.keys
    for param in survey.views[refused.tool].needs:
        table = param.column.partition(".")[0]
        shows = {c for c in columns if c.partition(".")[0] == table}
        tools = [v for v in survey.views.values() if v.reads and shows & set(v.outputs.values())]
        names = sorted(view.name for view in tools)
        required = {"tools": names, "shows": [keys[param.name]]}
        seen = [step for step in steps if step.tool in names]
        if any(holds(run.results[step.id], keys[param.name]) for step in seen):
            return steps, required
        for view in tools:
            look = look_at(scene, view, refused)
            if look is not None:
                return (*steps, look), required
    raise Unfit("nothing shows why it is refused")


def look_at(scene: Scene, view: View, refused: Step) -> Step | None:
    """Return a call of a reader about the same rows; None where it cannot be made."""
    columns = {p.column: p.name for p in scene.survey.views[refused.tool].params}
    asked = [param for param in view.params if param.required]
    if view.key is None or any(param.column not in columns for param in asked):
        return None
    args = {param.name: refused.args[columns[param.column]] for param in asked}
    look = Step(refused.id, view.name, args, refused.turn, depends=refused.depends)
    run = replay(scene.survey.blueprint(scene.plan.state_id), [*scene.plan.steps, look])
    return None if run.faults else look


def missing_row(scene: Scene, manner: Manner, rng: random.Random) -> Draft:
    """Ask for something of a row that does not exist: look, and say that there is none."""
    survey = scene.survey
    if scene.turns != 1:
        raise Unfit("more than one turn")
    steps = scene.plan.steps
    for mention in scene.mentions.values():
        label = f"{mention.table}.{survey.labels.get(mention.table)}"
        if mention.how != "found" or [c for c, _ in mention.told] != [label]:
            continue
        step = scene.plan.step(mention.step)
        hit = affected(steps, {step.id})
        if references(step) or not {act.step for act in scene.acts} <= hit:
            continue
        name = stranger(scene, label, rng)
        return draft_missing(scene, manner, mention, renamed(step, mention, name), name)
    raise Unfit("no row that all depends on")


def affected(steps: tuple[Step, ...], ids: set[str]) -> set[str]:
    """Return the steps that use results of the given ones, directly or not, and those."""
    found = set(ids)
    for step in steps:
        if set(references(step)) & found:
            found.add(step.id)
    return found


def stranger(scene: Scene, label: str, rng: random.Random) -> str:
    """Make a name of parts of others that no row has."""
    table, _, column = label.partition(".")
    position = scene.survey.tables[table].index(column)
    rows = scene.survey.package.states[scene.plan.state_id][table]
    names = [str(row[position]).split() for row in rows]
    made = {" ".join([*a[:-1], b[-1]]) for a in names for b in names if len(a) > 1 and a != b}
    free = sorted(made - {" ".join(name) for name in names})
    if not free:
        raise Unfit("no free name")
    return rng.choice(free)


def renamed(step: Step, mention: Mention, name: str) -> Step:
    """Search for another name."""
    old = mention.told[0][1]
    args = {k: {"literal": name} if a.get("literal") == old else a for k, a in step.args.items()}
    return replace(step, args=args, hidden=False)


def draft_missing(scene: Scene, manner: Manner, mention: Mention, step: Step, name: str) -> Draft:
    survey = scene.survey
    run = replay(survey.blueprint(scene.plan.state_id), [step])
    if run.faults or run.results[step.id] or run.state:
        raise Unfit("the search finds something")
    told = replace(mention, told=((mention.told[0][0], name),))
    changed = replace(scene, mentions={**scene.mentions, mention.id: told})
    telling = Telling(changed, manner)
    finders = [v.name for v in survey.views.values() if v.finds and v.entity == mention.table]
    noun = noun_of(mention.table)
    say = telling.voice.pick(
        f"I'm sorry, I could not find the {noun} {name} in our records, so I cannot do this.",
        f"I'm afraid there is no {noun} called {name}, so this is not possible.",
    )
    return Draft(
        changed,
        "infeasible",
        "scenario",
        manner.style,
        (Move(say, (step.id,)),),
        {},
        (step,),
        subtasks=tuple(telling.subtask(group) for group in manner.groups),
        required=({"tools": sorted(finders), "shows": [], "asks": [name]},),
        expects=(refusal(noun, name),),
        behaviour={"kind": "refuse", "reason": f"no {noun} {name}"},
    )
