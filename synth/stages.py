"""What the app's stages `synth` and `dataset` run."""

from __future__ import annotations

from harness.app import App
from harness.models.seats import opened
from synth.export import export, show
from synth.pipeline import Pipeline
from synth.recipe import Recipe
from synth.steps import exclusive


async def synthesize(app: App, recipe: Recipe, concurrency: int = 32) -> None:
    """Make worlds, tasks, episodes and a data set; go on where an earlier run stopped."""
    models = {}
    if recipe.agent == "model":
        app.check_models()
        models = {"model": app.models["model"]}
    pipeline = Pipeline(
        recipe, app.folder, app.console, app.config.seed, concurrency, models.get("model")
    )
    folder = app.folder / "dataset"
    with exclusive(app.folder):
        async with opened(models):
            material = await pipeline.make()
            checked = await pipeline.check(material)
            played = await pipeline.teach(material, checked)
        report = export(pipeline, material, checked, played, folder)
    show(app.console, report, folder)
