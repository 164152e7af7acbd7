"""The model card: what a user must know before trusting the weights."""

from ..base.text.markup import inline
from ..weights.licence import FACT, non_commercial
from . import validation
from .classifier import Classifier

BEGIN = "---\nlibrary_name: clearsight\n"  # by which our cards are recognised


def model_card(classifier: Classifier) -> str:
    """Markdown with the Hub's front matter: classes, network, training data and validation accuracy."""
    facts = classifier.facts
    parameters = sum(p.numel() for p in classifier.model.parameters())
    preprocessing = classifier.preprocessing
    lines = [
        *BEGIN.splitlines(),
        "pipeline_tag: image-classification",
        "tags: [image-classification, clearsight]",
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


def _temperature(classifier: Classifier) -> str:
    """The temperature, and how it was chosen as far as that is known."""
    decided = validation.decided(classifier.facts)
    if decided is None:
        return f"Temperature: {classifier.temperature:.3f}"
    if "temperature" in decided:
        return f"Temperature, fitted on {classifier.facts['validation']['n']:,} validation pictures: {classifier.temperature:.3f}"
    return f"Temperature: {classifier.temperature:.3f}, not fitted"
