"""What the studio computes, by name; each network, and what it computed of a picture, is kept for the next question."""

import base64
import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from ...base.compute.undisturbed import undisturbed
from ...base.errors import ClearsightError, unknown, wrong
from ...classifier import Classifier, Failure, load
from ...classifier.config import is_exported
from ...classifier.uncertainty.reference import FALSE_ALARMS
from ...exports.open import open_classifier
from ...images.convert import visible
from ...images.decode import decode
from ...images.preprocess import Preprocessing
from ...look.capture import stages as stages_of
from ...look.descent import NETWORK, Level, deepest, unit_level
from ...look.filters import kernels
from ...look.op_trace import NetworkTrace, traced_network
from ...look.preprocessing_steps import answering, pixels_at, stages
from ...look.target import Subject, is_trained, subject, subject_of
from ...look.unit import TOLERANCE, index_of
from ...look.why.explanation import explain
from ...metrics.conformal import needed
from ...models.summary import summarise
from ...reports.live.filters import live_filters
from ...reports.live.maps import live_maps
from ...reports.live.network import live_network
from ...reports.live.receptive_field import live_receptive_field
from ...reports.live.softmax import live_softmax
from .kept import Kept
from .pictures import encoded

NETWORKS, PICTURES, TRACES, LEARNERS, SPACES = 4, 8, 2, 2, 4  # kept of each; a trace has every number of a run, often 100 MB
TOP = 5
FILLS = ("mean", "grey")


class Session:
    """Networks, inputs and traces that were asked for."""

    def __init__(self) -> None:
        self.networks, self.inputs, self.traces = Kept(NETWORKS), Kept(PICTURES), Kept(TRACES)
        self.learners, self.spaces, self.cameras = Kept(LEARNERS), Kept(SPACES), Kept(1)
        self.mistaken = Kept(TRACES)
        self.victims, self.sliders = Kept(NETWORKS), Kept(TRACES)
        self.threads = torch.get_num_threads()

    def network(self, words: str) -> tuple[Subject, Classifier | None]:
        """The network of MODEL, as a subject, and as a classifier if it is trained; raises ClearsightError for an exported file."""
        if is_exported(words):
            raise ClearsightError(
                "this is an exported file: it answers, and its inside cannot be seen. Open the run that it was exported from."
            )
        return self.networks.of(words, functools.partial(_opened, words))  # type: ignore[no-any-return]

    def classifier(self, words: str) -> Classifier | None:
        """What answers for MODEL, also an exported file; None for a network that is not trained."""
        if is_exported(words):
            return self.networks.of(words, lambda: open_classifier(words))  # type: ignore[no-any-return]
        return self.network(words)[1]

    def preprocessing(self, words: str) -> Preprocessing:
        """What is done to a picture before the network."""
        found = self.classifier(words)
        return found.preprocessing if found else self.network(words)[0].preprocessing

    def input(self, words: str, file: str) -> Tensor:
        """What a network sees of a picture, `(1, C, H, W)`."""
        return self.inputs.of((words, file), lambda: self.network(words)[0].inputs(file))  # type: ignore[no-any-return]

    def trace(self, words: str, file: str) -> NetworkTrace:
        """Every number that a network computes for a picture, from one run."""
        found, x = self.network(words)[0], self.input(words, file)
        return self.traces.of((words, file), lambda: traced_network(found.model, x))  # type: ignore[no-any-return]

    def logits(self, words: str, file: str) -> Tensor:
        """The network's own outputs for a picture, `(K,)`."""
        trace = self.trace(words, file)
        return trace.whole.values[trace.calls[NETWORK].output][0]


def _opened(words: str) -> tuple[Subject, Classifier | None]:
    if not is_trained(words):
        return subject(words), None
    found = load(words)
    return subject_of(words, found), found


def warm(session: Session) -> str:
    """Make the first question as quick as the others: the libraries are imported by now, and a number of a small network is recomputed."""
    small = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3), torch.nn.ReLU())
    unit_level(traced_network(small, torch.zeros(1, 1, 4, 4)), NETWORK, (0, 0, 1, 1))
    return "ready"


def threads(session: Session, one: bool) -> int:
    """Compute with one thread, or with as many as at the start: how many they are now."""
    torch.set_num_threads(1 if one else session.threads)
    return torch.get_num_threads()


def picture(session: Session, file: str, name: str) -> dict[str, Any]:
    """A picture as people see it, upright: its size, and PNG or JPEG in base64; raises UnreadableImage."""
    pixels = visible(decode(file))
    return {"name": name, "size": [pixels.shape[1], pixels.shape[0]], "image": encoded(pixels)}


def network(session: Session, words: str) -> dict[str, Any]:
    """What a network is: classes, size, whether it is trained, and under what licence."""
    if is_exported(words) and (file := session.classifier(words)):
        steps = file.preprocessing
        size = [steps.channels, steps.height, steps.width]
        return {"trained": True, "classes": list(file.classes), "input": size, "legal": "", "exported": True, "parameters": None}
    found, _ = session.network(words)
    channels, height, width = found.input_size
    return {
        "trained": found.trained, "classes": list(found.classes), "input": [channels, height, width], "legal": found.legal,
        "exported": False, "parameters": sum(p.numel() for p in found.model.parameters()),
    }  # fmt: skip


def layers(session: Session, words: str) -> dict[str, Any]:
    """The layers of a network with shapes, parameters and receptive fields, as two figures that live."""
    found, _ = session.network(words)
    listed = summarise(found.model, found.input_size)
    return {"network": live_network(listed, found.name).data, "field": live_receptive_field(listed, found.name).data}


def filters(session: Session, words: str) -> dict[str, Any]:
    """The filters of the first convolution, as a figure that lives."""
    found, _ = session.network(words)
    return live_filters(*kernels(found.model), found.name, found.trained).data  # type: ignore[no-any-return]


def scores(session: Session, words: str, file: str) -> dict[str, Any]:
    """The logits of a picture and the probabilities they become, as a figure that lives."""
    found, _ = session.network(words)
    logits = session.logits(words, file)
    return live_softmax(logits, [found.label(k) for k in range(len(logits))], found.name, found.temperature).data  # type: ignore[no-any-return]


def answer(session: Session, words: str, file: str, name: str) -> dict[str, Any]:
    """The answer to a picture, as `classify --json` has it, and the logits; raises UnreadableImage."""
    classifier = session.classifier(words)
    if classifier is None:
        return _untrained(session.network(words)[0], session.logits(words, file), name)
    novelty = classifier.reference.novelty
    doubts = novelty is not None and len(novelty.scores) >= needed(1 - FALSE_ALARMS)  # it can answer "none of these"
    told = next(iter(classifier.classify_many([file], top=TOP, false_alarms=FALSE_ALARMS if doubts else 0.0)))
    if isinstance(told, Failure):
        raise ClearsightError(told.error)
    options = ["--none-of-these"] if doubts else []
    return {"answer": {**asdict(told), "source": name}, "trained": True, "precision": classifier.precision, "options": options}


def _untrained(found: Subject, logits: Tensor, name: str) -> dict[str, Any]:
    top = _top(torch.softmax(logits, 0), found.classes)
    return {"answer": {"source": name, **top[0], "top": top}, "trained": False, "precision": "float32", "options": []}


def way(session: Session, words: str, file: str) -> dict[str, Any]:
    """The picture at each step from the file to the network's numbers."""
    steps = stages(session.preprocessing(words), file)
    return {"steps": [{"name": one.name, "says": one.says, "image": encoded(one.pixels)} for one in steps]}


def mistakes(session: Session, words: str, file: str) -> dict[str, Any]:
    """What the usual mistakes of preprocessing would answer, the right answer first: some more each time, until they are `ready`."""
    coming, found = session.mistaken.of((words, file), lambda: (answering(session.network(words)[0], file), []))
    try:
        more = next(coming, None)
    except Exception:
        del session.mistaken[words, file]  # it begins again with the next question
        raise
    found.extend(more or [])
    return {"answers": found, "ready": more is None}


def feature_maps(session: Session, words: str, file: str, most: int) -> dict[str, Any]:
    """The most active maps of each stage, as numbers."""
    found, _ = session.network(words)
    trace, names = session.trace(words, file), set(stages_of(found.model))
    outputs = {name: trace.whole.values[call.output] for name, call in trace.calls.items() if name in names}
    values = {name: out[0] for name, out in outputs.items() if out.ndim == 4}
    if not values:
        raise ClearsightError("this network has no maps: its features have no rows and columns.")
    return live_maps(values, found.name, most).data  # type: ignore[no-any-return]


def unit(session: Session, words: str, file: str, layer: str, channel: int, at: list[int] | None, down: list[list[int]]) -> dict[str, Any]:
    """One number of a layer ('' is the network: a logit), and from it down by a term of each level: the last one computed again by hand.

    As `look unit --json` has it, with `levels` from the top; a number of the network's input has `pixel` instead.
    """
    trace = session.trace(words, file)
    if layer != NETWORK:
        trace.layer(layer)  # raises for an unknown layer
    values = trace.whole.values[trace.calls[layer].output]
    levels = deepest(trace, unit_level(trace, layer, index_of(tuple(values.shape), channel, tuple(at) if at else None)), down)
    last = levels[-1]
    told = dict(last.found.to_json()) if last.found else {"pixel": pixel(session, words, file, last)}
    return {**told, "levels": [_listed(one) for one in levels], "limits": last.limits, "parts": last.parts()}


def _listed(one: Level) -> dict[str, Any]:
    """A level as its line in the way down; `layer`, `channel` and `at` are what `look unit` takes."""
    if one.found is None:
        return {"title": "the network’s input", "value": one.value, "equal": True, "layer": "", "channel": 0, "at": one.place[1][2:]}
    channel, at = named(one.found.index)
    told = {"value": one.value, "equal": one.equal, "layer": one.layer, "channel": channel, "at": at}
    return {**told, "title": one.found.place if one.layer else f"inside {one.found.layer}"}


def named(index: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Channel and place of the index of a map, a token or a vector."""
    return (index[1], index[2:]) if len(index) == 4 else (index[-1], index[1:-1])


def pixel(session: Session, words: str, file: str, level: Level) -> dict[str, Any]:
    """A number of the network's input: the level of the picture there, 0 to 255, and the way from it to the number."""
    found, _ = session.network(words)
    _, channel, y, x = level.place[1]
    one = pixels_at(found.preprocessing, file, y, x)[channel]
    return {
        **asdict(one), "value": level.value, "recomputed": one.value,
        "equal": abs(one.value - level.value) <= TOLERANCE * max(1.0, abs(one.value)),
        "size": list(found.input_size[1:]), "image": encoded(found.shown(file)),
    }  # fmt: skip


def whatif(session: Session, words: str, file: str, side: int, cells: list[list[int]], fill: str) -> dict[str, Any]:
    """The answer with cells (row, column) of a grid of `side` by `side` filled with the picture's mean, or with grey; raises UsageError."""
    fitted = session.preprocessing(words).load(file)
    if fill not in FILLS:
        raise unknown("fill", fill, FILLS)
    if not 1 <= side <= min(fitted.shape[1:]) or any(len(cell) != 2 or max(cell) >= side for cell in cells):
        raise wrong("cells", f"rows and columns of a grid of 1 to {min(fitted.shape[1:])} a side, counted from 0", cells)
    value = fitted.float().mean((1, 2)).round() if fill == "mean" else torch.full((len(fitted),), 128.0)
    changed = fitted.clone()
    for y, x in cells:
        rows, columns = ((k * n // side, (k + 1) * n // side) for k, n in zip((y, x), fitted.shape[1:], strict=True))
        changed[:, slice(*rows), slice(*columns)] = value.to(torch.uint8)[:, None, None]
    if is_exported(words) and (answering := session.classifier(words)):
        both = [answering.probabilities(one[None])[0] for one in (changed, fitted)]
        return {name: _top(one, answering.classes) for name, one in zip(("top", "before"), both, strict=True)}
    found, _ = session.network(words)
    with undisturbed(found.model), torch.no_grad():
        logits = found.model(found.preprocessing.normalise(changed[None].to(found.device)))[0]
    both = [torch.softmax(one / found.temperature, 0) for one in (logits, session.logits(words, file))]
    return {name: _top(one, found.classes) for name, one in zip(("top", "before"), both, strict=True)}


def _top(shares: Tensor, classes: Sequence[str]) -> list[dict[str, Any]]:
    best = shares.argsort(descending=True)[:TOP].tolist()
    return [{"label": classes[k] if classes else str(k), "index": k, "confidence": float(shares[k])} for k in best]


def why(
    session: Session, words: str, file: str, method: str, checks: bool, index: int | None = None, against: int | None = None
) -> dict[str, Any]:
    """Why the network answers so, or a class, and not `against` another: a map as numbers, and its checks, which take longer."""
    found, _ = session.network(words)
    if any(k is not None and not 0 <= k < len(found.classes) for k in (index, against)):
        raise wrong("index and against", f"classes from 0 to {len(found.classes) - 1}", (index, against))
    label, rival = ("" if k is None else found.label(k) for k in (index, against))
    told = explain(found, session.input(words, file), method, label, checks=checks, against=rival)
    heat = told.heat.detach().to("cpu", torch.float32).numpy()
    numbers = base64.b64encode(heat.astype("<f4").tobytes()).decode()
    return {**told.to_json(), "heat": numbers, "shape": list(heat.shape), "image": encoded(found.shown(file)), "checked": checks}


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "warm": warm, "threads": threads, "picture": picture, "network": network, "layers": layers, "answer": answer, "scores": scores,
    "way": way, "mistakes": mistakes, "filters": filters, "maps": feature_maps, "unit": unit, "whatif": whatif, "why": why,
}  # fmt: skip
