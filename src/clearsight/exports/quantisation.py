"""int8: an exported file whose convolutions and matrix products are computed in whole numbers of 8 bits, judged before it is written.

ONNX Runtime's static quantisation: activations in unsigned, weights in signed numbers, a scale for each channel of the weights. What lies
between two products stays in 8 bits where it can: clipping activations, poolings, sums of residual blocks. The preprocessing, the products
of the novelty and everything else stay float32; the features are those of 8 bits.

Shapes: N pictures, C channels, K classes.
"""

import json
import logging
import math
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import ClearsightError, CorruptFile, UsageError
from ..base.files import digest, require_ours, write_atomic
from ..base.progress import Progress
from ..base.result import Result, Row
from ..classifier.artefact import stacked
from ..classifier.config import FORMAT, config_digest
from ..classifier.engines.exported import KEY, Exported, Runtime, opened
from ..metrics.intervals import Estimate, Interval, proportion
from ..metrics.paired import difference
from . import onnx
from .pooling import CLIPPING, pools_last

PRODUCTS = ("Conv", "Gemm", "MatMul")
# clipping becomes the ends of a range: left apart, Lite0 in int8 is no faster than in float32, and with it twice as fast
BETWEEN = (*CLIPPING, "MaxPool")
RESIDUAL = "Add"
FITTED = "fitted"  # the value between preprocessing and network
SMALL = 2**14  # weights of a matrix below which two conversions cost more than 8 bits save
MOST = 256  # pictures that calibrate the ranges of activations
BATCH = 8
ROUNDS = 7  # of the measurement of speed, each model in turn
TOLERANCE = 0.5  # points of accuracy
SUFFIX = "-int8"


def _levels(values: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any]) -> NDArray[Any]:
    rounded: NDArray[Any] = np.rint(values / scale) + zero
    return rounded.clip(0, 255)


# from fitted pictures to the first product: level / 255, minus the mean, divided by the deviation, and quantised
DETOUR: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("Cast", np.float32), ("Div", np.divide), ("Sub", np.subtract), ("Div", np.divide), ("QuantizeLinear", _levels)
)  # fmt: skip


@dataclass(frozen=True)
class Quantised(Result):
    """An int8 file next to the float32 one: accuracy on `n` pictures of `judged_on`, agreement, size, and CPU time of a picture.

    `loss` is float32's accuracy minus int8's, with its paired 95 % interval; `milliseconds` are of one thread, alone and in a batch of 8.
    """

    path: str
    n: int
    judged_on: str
    calibrated_on: int
    accuracy: dict[str, Estimate]  # by precision
    loss: Interval
    agreement: float
    max_difference: float
    bytes: dict[str, int]
    milliseconds: dict[str, float]
    reduced_range: bool

    def headline(self) -> str:
        """The price and the gain in a sentence."""
        loss, ratio = self.loss, self.milliseconds["float32"] / self.milliseconds["int8"]
        limits = f"95 % interval {100 * loss['low']:+.2f} to {100 * loss['high']:+.2f}"
        return (
            f"int8 loses {100 * loss['value']:+.2f} points ({limits}) on {self.n:,} {self.judged_on}, and is {ratio:.1f} × as fast; "
            f"{self.agreement:.2%} of the labels agree, a probability differs by up to {self.max_difference:.2g}"
        )

    def rows(self) -> list[Row]:
        """A line for each precision."""
        return [
            {"precision": name, "top1": found["value"], "low": found["low"], "high": found["high"], "MB": self.bytes[name] / 1e6,
             "CPU ms": self.milliseconds[name]}
            for name, found in self.accuracy.items()
        ]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sample:
    """Fitted pictures, uint8 `(N, C, H, W)`: those that calibrate, and those that judge with their labels int64 `(N,)`, called `name`."""

    calibration: Tensor
    pictures: Tensor
    labels: Tensor
    name: str


def quantised(file: str | Path, sample: Sample, *, tolerate: float = TOLERANCE, quiet: bool = False) -> Quantised:
    """Write the exported `file` in int8 next to it, as NAME-int8.onnx.

    Raises UsageError without pictures to calibrate or to judge on, or for a file of another program in the way, ClearsightError where more
    than `tolerate` points of accuracy are lost: nothing is written then.
    """
    file = Path(file)
    if not len(sample.calibration) or not len(sample.pictures):
        raise UsageError("int8 needs training pictures to calibrate its ranges and others to judge it on. Name more with --calibrate DATA.")
    exact, out = opened(file), file.with_name(f"{file.stem}{SUFFIX}.onnx")
    require_ours(out, FORMAT)
    reduce = reduced_range(platform.machine(), _flags())
    with Progress("int8", 3, "steps", quiet=quiet) as progress, TemporaryDirectory() as temporary:
        data = _converted(file, Path(temporary), exact, sample.calibration, reduce)
        progress.update(1, "calibrated")
        trial = Path(temporary) / out.name
        trial.write_bytes(data)
        fast = opened(trial)
        found = _judged(exact, fast, sample, out, {"float32": file.stat().st_size, "int8": len(data)}, reduce)
        progress.update(1, "judged")
        if 100 * found.loss["value"] > tolerate:
            raise ClearsightError(
                f"no {out.name} was written: {found.headline()}. A loss of {tolerate:g} points is allowed (--tolerate). Calibrate on more "
                "pictures (--calibrate), or stay with float32."
            )
        write_atomic(out, _described(data, exact, fast, found))
        progress.update(1, "written")
    return found


def reduced_range(machine: str, flags: frozenset[str]) -> bool:
    """Whether weights must have 7 bits: an x86 without VNNI adds two products in 16 bits, where full weights overflow.

    `flags` are the processor's, as in /proc/cpuinfo; without any the machine is not known to have VNNI.
    """
    return machine.lower() in ("x86_64", "amd64") and flags.isdisjoint(("avx512_vnni", "avx_vnni"))


def _flags() -> frozenset[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), []))


def _converted(file: Path, folder: Path, exact: Exported, pictures: Tensor, reduce: bool) -> bytes:
    """The model in int8, with the metadata of the other."""
    import onnx as library
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared, out = folder / "prepared.onnx", folder / "out.onnx"
    with _quiet():
        source = library.load(file)
        pools_last(source)
        library.save(source, folder / "source.onnx")
        quant_pre_process(str(folder / "source.onnx"), str(prepared), skip_symbolic_shape=True)  # norms are folded into convolutions
        if not (chosen := of_network(library.load(prepared))):  # an empty list would mean all
            raise ClearsightError("no int8 file was written: 8 bits make no part of this network faster; stay with float32.")
        quantize_static(
            str(prepared), str(out), _Reader(exact, pictures), quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=reduce,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, nodes_to_quantize=chosen,
        )  # fmt: skip
    made = library.load(out)
    without_detour(made)
    told = {prop.key: prop.value for prop in library.load(file, load_external_data=False).metadata_props}
    return onnx.serialised(made, told)


def without_detour(model: Any) -> bool:
    """Remove the normalisation and quantisation of fitted pictures where together they return every level as it was; whether they do.

    So they do for one mean and deviation, and ranges measured on pictures with black and white: the first product then takes the uint8.
    """
    from onnx import numpy_helper

    nodes, values = model.graph.node, {value.name: value for value in model.graph.initializer}
    name, chain, levels = FITTED, [], np.arange(256, dtype=np.float32).reshape(-1, 1, 1, 1)
    for kind, computed in DETOUR:
        users = [node for node in nodes if name in node.input and (name != FITTED or node.op_type == kind)]
        if [node.op_type for node in users] != [kind] or any(other not in values for other in users[0].input[1:]):
            return False
        given = [numpy_helper.to_array(values[other]) for other in users[0].input[1:]]
        levels = computed(levels, *given)
        chain.append(users[0])
        name = users[0].output[0]
    if (levels.reshape(256, -1) != np.arange(256)[:, None]).any():
        return False
    for node in [node for node in nodes if node in chain]:
        nodes.remove(node)
    for node in nodes:
        node.input[:] = [FITTED if other == name else other for other in node.input]
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """ONNX Runtime advises, by warnings and on the root logger, to prepare the model, which is done."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


class _Reader:
    """Calibration pictures as ONNX Runtime asks for them."""

    def __init__(self, exact: Exported, pictures: Tensor) -> None:
        network = exact.model
        assert isinstance(network, Runtime)
        self.name = network.entry
        self.batches: Iterator[NDArray[np.uint8]] = map(network.given, pictures[:MOST].split(BATCH))

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        batch = next(self.batches, None)
        return None if batch is None else {self.name: batch}


def of_network(model: Any) -> list[str]:
    """The names of the network's nodes that 8 bits compute: products and what lies between them, without the preprocessing's and the
    novelty's.

    The network begins after the fitted pictures, which have this name whether they are the input or computed. A sum is that of a residual
    block where a convolution is added to something that is computed too. A small matrix, as that of a head of few classes, stays float32.
    """
    weights = {value.name: math.prod(value.dims) for value in model.graph.initializer}
    nodes = {output: node for node in model.graph.node for output in node.output}
    ahead = [node for node in model.graph.node if FITTED in node.output]
    before: set[str] = set()
    while ahead:
        node = ahead.pop()
        if node.name not in before:
            before.add(node.name)
            ahead += [nodes[name] for name in node.input if name in nodes]

    def chosen(node: Any) -> bool:
        if node.op_type == RESIDUAL:
            return all(name in nodes for name in node.input) and "Conv" in {nodes[name].op_type for name in node.input}
        small = node.op_type == "Gemm" and weights.get(node.input[1], SMALL) < SMALL
        return node.op_type in (*PRODUCTS, *BETWEEN) and not small and "directions" not in node.input

    return [node.name for node in model.graph.node if chosen(node) and node.name not in before]


def _judged(exact: Exported, fast: Exported, sample: Sample, out: Path, sizes: dict[str, int], reduce: bool) -> Quantised:
    both = [torch.cat([one.probabilities(part) for part in sample.pictures.split(64)]) for one in (exact, fast)]
    guesses = [found.argmax(1) for found in both]
    right = [guess == sample.labels for guess in guesses]
    n = len(sample.labels)
    only = [int((a & ~b).sum()) for a, b in (right, right[::-1])]
    value, low, high = difference(only[1], only[0], n)  # float32 minus int8
    accuracy = {name: proportion(int(hits.sum()), n) for name, hits in zip(("float32", "int8"), right, strict=True)}
    times = milliseconds([exact.path, fast.path], sample.pictures[:BATCH])
    return Quantised(
        str(out), n, sample.name, min(MOST, len(sample.calibration)), accuracy, {"value": value, "low": low, "high": high},
        float((guesses[0] == guesses[1]).double().mean()), float((both[0] - both[1]).abs().max()), sizes,
        dict(zip(accuracy, times, strict=True)), reduce,
    )  # fmt: skip


def milliseconds(files: Sequence[Path], pictures: Tensor) -> list[float]:
    """The CPU milliseconds of one picture in each of the `files`: median of rounds in which each has its turn, on one thread."""
    runs: list[Callable[[], Any]] = [partial(opened(file, threads=1).model, pictures) for file in files]
    times: list[list[float]] = [[] for _ in runs]
    for place in range(ROUNDS + 1):
        for run, found in zip(runs, times, strict=True):
            begun = time.process_time()
            run()
            if place:  # the first round allocates
                found.append(time.process_time() - begun)
    return [1000 * median(found) / len(pictures) for found in times]


def _described(data: bytes, exact: Exported, fast: Exported, found: Quantised) -> bytes:
    """The file with what it is in its manifest: its precision, what it costs, and the golden pictures' probabilities as it gives them."""
    import onnx as library

    told = {name: value for name, value in exact.config.items() if name != "sha256"}
    told |= {"precision": "int8", "quantised": {**found.to_json(), "path": Path(found.path).name}, "golden": _golden_rows(exact, fast)}
    model = library.load_from_string(data)
    properties = {prop.key: prop.value for prop in model.metadata_props}
    return onnx.serialised(model, properties | {KEY: json.dumps(told | {"sha256": config_digest(told)}, ensure_ascii=False)})


def _golden_rows(file: Exported, answers: Exported) -> list[dict[str, Any]]:
    """The golden pictures of an exported `file` with the probabilities of `answers`; raises CorruptFile when one was changed."""
    rows = []
    for row in file.config.get("golden", []):  # type: ignore[attr-defined]
        png = (file.path.parent / row["file"]).read_bytes()
        if digest(png) != row["sha256"]:
            raise CorruptFile(f"{file.path.parent / row['file']} is damaged: its SHA-256 is not the one in {file.path}. Export again.")
        picture = stacked(png, file.preprocessing)
        rows.append({"file": row["file"], "sha256": row["sha256"], "probabilities": answers.of_picture(picture).tolist()})
    return rows
