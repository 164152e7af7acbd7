"""The model card: what a user must know before trusting the weights."""

import json
from typing import Any

from ..base.text.markup import inline
from ..weights.licence import FACT, non_commercial
from . import validation
from .classifier import Classifier

BEGIN = "---\nlibrary_name: clearsight\n"  # by which our cards are recognised
HUBS = ("apache-2.0", "bsd-3-clause", "cc-by-4.0", "cc-by-nc-4.0", "mit")  # licences that the Hub knows by these names


def model_card(classifier: Classifier) -> str:
    """Markdown with the Hub's front matter: classes, network, training data and validation accuracy."""
    facts = classifier.facts
    parameters = sum(p.numel() for p in classifier.model.parameters())
    preprocessing = classifier.preprocessing
    lines = [
        *BEGIN.splitlines(),
        "pipeline_tag: image-classification",
        "tags: [image-classification, clearsight]",
        *_licence(facts.get(FACT)),
        *_metrics(classifier),
        "---",
        "",
        f"# {inline(classifier.architecture)} on {inline(facts.get('data', 'pictures'))}",
        "",
        f"Answers with one of {len(classifier.classes)} classes: {', '.join(map(inline, classifier.classes[:20]))}"
        + (" …" if len(classifier.classes) > 20 else "")
        + ".",
        "",
        f"- Network: {inline(classifier.architecture)}, {parameters:,} parameters",
        f"- Input: {preprocessing.channels} × {preprocessing.height} × {preprocessing.width}, fit by {inline(preprocessing.fit)}",
        f"- {_temperature(classifier)}",
    ]
    if classifier.views:
        lines.append(f"- Scores are the mean over the views {inline(classifier.views)} of a picture")
    if facts.get("validation"):
        lines.append(f"- Validation accuracy: {validation.worded(facts['validation'])}")
    told = {name: value for name, value in facts.items() if isinstance(value, (str, int, float)) and name != "data"}
    lines += [f"- {inline(name)}: {inline(value)}" for name, value in validation.titled(told).items()]
    licence = facts.get(FACT)
    if isinstance(licence, str) and non_commercial(licence):
        lines += ["", f"**Not for commercial use**: it stems from weights under {inline(licence)}."]
    lines += [
        "",
        "```python",
        "import clearsight",
        "",
        'classifier = clearsight.load("this/folder")',
        'print(classifier.classify("picture.jpg").label)',
        "```",
        "",
        "`clearsight verify this/folder` proves that your machine computes the same probabilities.",
        "",
    ]
    return "\n".join(lines)


def _licence(of: object) -> list[str]:
    """The Hub's field for the licence of the weights; empty where a classifier has no licence of others."""
    if not isinstance(of, str):
        return []
    return [f"license: {of.lower()}"] if of.lower() in HUBS else ["license: other", f"license_name: {json.dumps(of)}"]


def _metrics(classifier: Classifier) -> list[str]:
    """The Hub's field for results: the validation accuracy. JSON is YAML."""
    validated = classifier.facts.get("validation")
    if not validated:
        return []
    data = str(classifier.facts.get("data", "pictures"))
    result: dict[str, Any] = {
        "task": {"type": "image-classification"},
        "dataset": {"name": data, "type": "imagefolder", "split": "validation"},
        "metrics": [{"type": "accuracy", "value": validated["top1"]["value"]}],
    }
    return ["metrics: [accuracy]", f"model-index: {json.dumps([{'name': classifier.architecture, 'results': [result]}])}"]


def _temperature(classifier: Classifier) -> str:
    """The temperature, and how it was chosen as far as that is known."""
    decided = validation.decided(classifier.facts)
    if decided is None:
        return f"Temperature: {classifier.temperature:.3f}"
    if "temperature" in decided:
        return f"Temperature, fitted on {classifier.facts['validation']['n']:,} validation pictures: {classifier.temperature:.3f}"
    return f"Temperature: {classifier.temperature:.3f}, not fitted"
