"""The model card: what a stranger must know before they trust the file beside it."""

from ..base.markup import inline
from ..weights.licence import FACT, non_commercial
from .classifier import Classifier

BEGIN = "---\nlibrary_name: clearsight\n"  # by which a card of ours is known


def model_card(classifier: Classifier) -> str:
    """Markdown with the Hub's front matter: what it answers, what it was trained on, how good it is on validation."""
    facts = classifier.facts
    parameters = sum(p.numel() for p in classifier.model.parameters())
    preprocessing = classifier.preprocessing
    validation = facts.get("validation") or {}
    top1 = validation.get("top1") or {}
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
        f"- Temperature, fitted on validation: {classifier.temperature:.3f}",
    ]
    if classifier.views:
        lines.append(f"- Scores are the mean over the views {inline(classifier.views)} of a picture")
    if top1:
        lines.append(
            f"- Validation accuracy (it chose the epoch): {top1['value']:.2%}, 95 % interval {top1['low']:.2%} to {top1['high']:.2%}, "
            f"n = {validation['n']:,}"
        )
    told = {name: value for name, value in facts.items() if isinstance(value, (str, int, float)) and name != "data"}
    lines += [f"- {inline(str(name).replace('_', ' '))}: {inline(value)}" for name, value in told.items()]
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
