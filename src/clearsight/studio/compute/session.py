"""What the studio computes, by name; each network, and what it computed of a picture, is kept for the next question."""

import base64
import functools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...base.compute.undisturbed import undisturbed
from ...base.errors import ClearsightError
from ...classifier import Classifier, Failure, load
from ...classifier.config import is_exported
from ...classifier.uncertainty.reference import FALSE_ALARMS
from ...images.convert import visible
from ...images.decode import decode
from ...look.features import maps
from ...look.op_trace import Trace, traced
from ...look.preprocessing_steps import answers, stages
from ...look.target import Subject, is_trained, subject, subject_of
from ...look.unit import index_of, recounted
from ...look.why.explanation import explain
from ...models.summary import summarise
from ...reports.live.maps import live_maps
from ...reports.live.network import live_network
from ...reports.live.receptive_field import live_receptive_field
from ...reports.live.softmax import live_softmax

NETWORKS, PICTURES, TRACES = 4, 8, 16  # kept of each; the oldest are forgotten
SHOWN = 640  # px of the longest side of a picture in the page
TOP = 5


class Kept(OrderedDict[Any, Any]):
    """The newest `most` values, each made once."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def of(self, key: Any, make: Callable[[], Any]) -> Any:
        """The value of a key, made if it is not there."""
        if key not in self:
            self[key] = make()
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)
        return self[key]


class Session:
    """Networks, inputs and traces that were asked for."""

    def __init__(self) -> None:
        self.networks, self.inputs, self.traces = Kept(NETWORKS), Kept(PICTURES), Kept(TRACES)

    def network(self, words: str) -> tuple[Subject, Classifier | None]:
        """The network of MODEL, as a subject, and as a classifier if it is trained."""
        return self.networks.of(words, functools.partial(_opened, words))  # type: ignore[no-any-return]

    def input(self, words: str, file: str) -> Tensor:
        """What a network sees of a picture, `(1, C, H, W)`."""
        return self.inputs.of((words, file), lambda: self.network(words)[0].inputs(file))  # type: ignore[no-any-return]

    def trace(self, words: str, file: str, layer: str) -> Trace:
        """Everything that was computed in a layer for a picture."""
        make = functools.partial(traced, self.network(words)[0].model, self.input(words, file), layer)
        return self.traces.of((words, file, layer), make)  # type: ignore[no-any-return]


def _opened(words: str) -> tuple[Subject, Classifier | None]:
    if not is_trained(words):
        return subject(words), None
    found = load(words)
    return subject_of(words, found), found


def warm(session: Session) -> str:
    """Make the first question as quick as the others: the libraries are imported by now, and a convolution has run."""
    torch.nn.functional.conv2d(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 3, 3))
    return "ready"


def picture(session: Session, file: str, name: str) -> dict[str, Any]:
    """A picture as people see it, upright: its size, and PNG or JPEG in base64; raises UnreadableImage."""
    pixels = visible(decode(file))
    return {"name": name, "size": [pixels.shape[1], pixels.shape[0]], "image": encoded(pixels)}


def encoded(pixels: np.ndarray) -> str:
    """A picture uint8 `(H, W, C)` for the page, at most 640 px: as PNG in base64, a larger one as JPEG."""
    grey = pixels.shape[-1] == 1
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if grey else pixels))
    small = max(image.size) <= 256
    image.thumbnail((SHOWN, SHOWN), Image.Resampling.LANCZOS)
    stream = BytesIO()
    image.save(stream, format="PNG" if small else "JPEG", **({} if small else {"quality": 88}))
    return base64.b64encode(stream.getvalue()).decode()


def network(session: Session, words: str) -> dict[str, Any]:
    """What a network is: classes, size, whether it is trained, and under what licence."""
    found, _ = session.network(words)
    channels, height, width = found.input_size
    return {
        "trained": found.trained, "classes": list(found.classes), "input": [channels, height, width], "legal": found.legal,
        "exported": is_exported(words), "parameters": sum(p.numel() for p in found.model.parameters()),
    }  # fmt: skip


def layers(session: Session, words: str) -> dict[str, Any]:
    """The layers of a network with shapes, parameters and receptive fields, as two figures that live."""
    found, _ = session.network(words)
    listed = summarise(found.model, found.input_size)
    return {"network": live_network(listed, found.name).data, "field": live_receptive_field(listed, found.name).data}


def scores(session: Session, words: str, file: str) -> dict[str, Any]:
    """The logits of a picture and the probabilities they become, as a figure that lives."""
    found, _ = session.network(words)
    with undisturbed(found.model), torch.no_grad():
        logits = found.model(session.input(words, file))[0]
    return live_softmax(logits, [found.label(k) for k in range(len(logits))], found.name, found.temperature).data  # type: ignore[no-any-return]


def answer(session: Session, words: str, file: str, name: str) -> dict[str, Any]:
    """The answer to a picture, as `classify --json` has it, and the logits; raises UnreadableImage."""
    found, classifier = session.network(words)
    if classifier is None:
        return _untrained(found, session.input(words, file), name)
    doubts = classifier.reference.novelty is not None  # it can answer "none of these"
    told = next(iter(classifier.classify_many([file], top=TOP, false_alarms=FALSE_ALARMS if doubts else 0.0)))
    if isinstance(told, Failure):
        raise ClearsightError(told.error)
    options = ["--none-of-these"] if doubts else []
    return {"answer": {**asdict(told), "source": name}, "trained": True, "precision": classifier.precision, "options": options}


def _untrained(found: Subject, x: Tensor, name: str) -> dict[str, Any]:
    with undisturbed(found.model), torch.no_grad():
        shares = torch.softmax(found.model(x), 1)[0]
    best = shares.argsort(descending=True)[:TOP].tolist()
    top = [{"label": found.label(k), "index": k, "confidence": float(shares[k])} for k in best]
    return {"answer": {"source": name, **top[0], "top": top}, "trained": False, "precision": "float32", "options": []}


def way(session: Session, words: str, file: str) -> dict[str, Any]:
    """The picture at each step from the file to the network's numbers, and what the usual mistakes would answer."""
    found, _ = session.network(words)
    steps = [{"name": one.name, "says": one.says, "image": encoded(one.pixels)} for one in stages(found.preprocessing, file)]
    return {"steps": steps, "answers": answers(found, file)}


def feature_maps(session: Session, words: str, file: str, most: int) -> dict[str, Any]:
    """The most active maps of each stage, as numbers."""
    found, _ = session.network(words)
    values = maps(found.model, session.input(words, file))
    if not values:
        raise ClearsightError("this network has no maps: its features have no rows and columns.")
    return live_maps(values, found.name, most).data  # type: ignore[no-any-return]


def unit(session: Session, words: str, file: str, layer: str, channel: int, at: list[int]) -> dict[str, Any]:
    """One number of a layer, computed again by hand: as `look unit --json` has it."""
    trace = session.trace(words, file, layer)
    index = index_of(tuple(trace.values[trace.output].shape), channel, tuple(at))
    return dict(recounted(trace, layer, index).to_json())


def why(session: Session, words: str, file: str, method: str, checks: bool) -> dict[str, Any]:
    """Why the network answers so: the map of a method as numbers, and its checks, which take longer than the map."""
    found, _ = session.network(words)
    told = explain(found, session.input(words, file), method, checks=checks)
    heat = told.heat.detach().to("cpu", torch.float32).numpy()
    numbers = base64.b64encode(heat.astype("<f4").tobytes()).decode()
    return {**told.to_json(), "heat": numbers, "shape": list(heat.shape), "image": encoded(found.shown(file)), "checked": checks}


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "warm": warm, "picture": picture, "network": network, "layers": layers, "answer": answer, "scores": scores, "way": way,
    "maps": feature_maps, "unit": unit, "why": why,
}  # fmt: skip
