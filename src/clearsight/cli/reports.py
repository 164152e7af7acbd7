"""The reports of a run folder: after training (judged on validation) and after evaluation (on test)."""

from pathlib import Path
from typing import Any

from ..base.files import read_json, write_json
from ..base.settings import from_dict, read_toml
from ..classifier import Classifier
from ..datasets.dataset import Dataset
from ..evaluate.evaluate import Evaluation, evaluate
from ..evaluate.report import write_report
from ..train.recipe import Recipe
from ..train.run import Run
from ..train.train import Trained


def report_training(trained: Trained, *, quiet: bool) -> Path:
    """Judge on the validation part and write `report.html` into the run folder."""
    val = trained.parts.parts["val"]
    evaluation = evaluate(trained.classifier.faster(), val, quiet=quiet)
    return report_evaluation(Run(trained.run), trained.classifier, evaluation, val, "validation")


def report_evaluation(run: Run, classifier: Classifier, evaluation: Evaluation, data: Dataset, part: str) -> Path:
    """Write `report.html` and `evaluation.json` into the run folder."""
    path = run.folder / "report.html"
    write_json(run.folder / "evaluation.json", {"part": part, **evaluation.to_json()})
    write_report(
        path,
        title=f"{classifier.architecture} on {classifier.facts.get('data', data.classes)}",
        facts=_facts(run, classifier),
        history=run.rows(),
        evaluation=evaluation,
        evaluation_part=part,
        dataset=data,
        classifier=classifier,
    )
    return path


def _facts(run: Run, classifier: Classifier) -> dict[str, str]:
    facts: dict[str, Any] = {"run": run.folder, "model": classifier.architecture}
    facts |= {name: value for name, value in classifier.facts.items() if not isinstance(value, dict)}
    if (run.folder / "recipe.toml").is_file():
        recipe = from_dict(Recipe, read_toml(run.folder / "recipe.toml"))
        told = ("size", "channels", "fit", "batch", "optimizer", "lr", "schedule", "weight_decay", "label_smoothing", "ema", "augment")
        facts |= {name: getattr(recipe, name) for name in told}
        known = read_json(run.folder / "run.json")
        facts |= known.get("hardware", {})
        facts["command"] = f"clearsight train {known['data']} --recipe {run.folder / 'recipe.toml'}"
    return {name.replace("_", " "): str(value) for name, value in facts.items()}
