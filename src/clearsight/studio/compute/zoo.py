"""What the screen Networks asks: the registry with its tables, one network of it, and a network while it is typed."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ...base.compute.device import shapes_only
from ...base.errors import unknown
from ...models import build, canonical, facts, names, published
from ...models.history import DESCENT, keras_models, keras_remarks
from ...models.sketch import Mistake, sketch
from ...models.summary import Summary, summarise
from ...models.words import ALIASES, STARTS, WORDS
from ...reports.live.ilsvrc import live_ilsvrc
from ...reports.live.network import live_network
from ...weights import fetch

KEPT = 32  # networks that were followed; the oldest are forgotten
TYPED = 200  # letters of a title


def zoo(_: object) -> dict[str, Any]:
    """Every network of the registry with its facts, the tables of its history, and the words of a formula."""
    return {
        "rows": [{**one.to_json(), **fetch.published(one.name)} for one in facts.every()],
        "keras": keras_models(), "remarks": keras_remarks(), "ilsvrc": live_ilsvrc().data,
        "descent": [{**step._asdict(), "after": list(step.after)} for step in DESCENT],
        "words": [{"word": word, "says": kind.says, "needs": bool(kind.needs)} for word, kind in WORDS.items()],
        "others": [*ALIASES, *STARTS],
    }  # fmt: skip


def architecture(_: object, name: str) -> dict[str, Any]:
    """What a network of the registry is: its facts, its published weights, its stages with their shapes, its layers."""
    name = canonical(name)
    if name not in names():
        raise unknown("network", name, names())
    summary, stages = _followed(name)
    outputs = {layer.name: layer.output for layer in summary.layers}
    return {
        **facts.facts(name, summary).to_json(), **fetch.published(name),
        "weights": [row.to_json() for row in fetch.of_network(name)],
        "stages": [{"name": stage, "output": outputs.get(stage, ())} for stage in stages],
        "figure": live_network(summary, name).data,
    }  # fmt: skip


@lru_cache(KEPT)
def _followed(name: str) -> tuple[Summary, tuple[str, ...]]:
    size, classes = published(name)
    with shapes_only():
        model = build(name, classes, channels=size[0], height=size[1], width=size[2])
    return summarise(model, size), tuple(model.STAGES)


def typed(_: object, text: str, size: list[int] | None, classes: int | None) -> dict[str, Any]:
    """The network that a text means, a name or a formula, layer by layer; `wrong` has the reason and its characters where it means none."""
    found = sketch(text, (size[0], size[1], size[2]) if size else None, classes)
    if isinstance(found, Mistake):
        return {"wrong": {"reason": found.reason, "span": found.span}}
    summary = found.summary
    figure = live_network(summary, found.name or text[:TYPED]).data
    layers = [{**layer, "span": found.spans.get(layer["name"])} for layer in figure["layers"]]
    return {
        "figure": {**figure, "layers": layers}, "name": found.name, "complete": found.complete, "outputs": summary.outputs,
        "input": list(summary.input_size), "parameters": summary.parameters, "macs": summary.macs, "depth": summary.depth,
        "field": summary.largest_field, "memory": sum(layer.memory for layer in summary.rows), "layers": len(layers),
    }  # fmt: skip


FUNCTIONS: dict[str, Callable[..., Any]] = {"zoo": zoo, "architecture": architecture, "typed": typed}
