"""A graph as an ONNX model, by PyTorch's exporter; needs onnx and onnxscript, and onnxruntime to run it."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
import torch

from ..base.errors import ClearsightError, MissingExtra
from .graph import Graph

Model: TypeAlias = Any  # an onnx.ModelProto; the package has no types
Run: TypeAlias = Callable[[np.ndarray], list[np.ndarray]]
OPSET = 20
NEEDED = ("onnx", "onnxscript", "onnxruntime")
LARGEST = 2**31 - 2**20  # bytes: a protocol buffer has less than 2 GiB


def require() -> None:
    """Raise MissingExtra unless the packages that write and check an ONNX file are installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise MissingExtra(f"exporting needs {', '.join(missing)}: pip install 'clearsight[onnx]'.")


def traced(graph: Graph) -> Model:
    """The ONNX model of `graph`, with batch and size of the pictures free; raises ClearsightError for a network that cannot be traced."""
    axes = {0: "n"} if graph.entry == "fitted" else {0: "n", 1: "height", 2: "width"}
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                graph.eval(),
                (graph.example(),),
                dynamo=True,
                input_names=[graph.entry],
                output_names=list(graph.outputs),
                dynamic_shapes=(dict.fromkeys(axes, torch.export.Dim.DYNAMIC),),
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:  # a tracer raises anything
        raise ClearsightError(f"this network cannot be exported: {_reason(error)}") from error
    assert program is not None  # only with `f`
    return _named(_without_notes(program.model_proto), axes)


def runner(data: bytes, threads: int = 0) -> Run:
    """What runs a serialised model in ONNX Runtime on the CPU, in float32: an array to the list of outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pictures: session.run(None, {name: pictures})


def without_fitted(model: Model) -> None:
    """Remove the fitted pictures, which are an output for the check only."""
    if model.graph.output[-1].name == "fitted":
        del model.graph.output[-1]


def serialised(model: Model, properties: Mapping[str, str] | None = None) -> bytes:
    """The content of the file, with `properties` as its `metadata_props`; raises ClearsightError above 2 GiB."""
    import onnx

    onnx.helper.set_model_props(model, dict(properties or {}))
    if model.ByteSize() > LARGEST:
        raise ClearsightError(f"the model has {model.ByteSize():,} bytes, where an ONNX file has {LARGEST:,} at most.")
    data: bytes = model.SerializeToString()
    return data


@contextmanager
def _quiet() -> Iterator[None]:
    """PyTorch's exporter warns about packages that are not needed, and about its own use of deprecated names."""
    levels = {name: logging.getLogger(name).level for name in ("torch.__trace", "torch.onnx", "onnxscript", "onnx_ir")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for name in levels:
                logging.getLogger(name).setLevel(logging.ERROR)
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


def _reason(error: BaseException) -> str:
    """The first line of the deepest cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{(lines or [type(error).__name__])[0]:.200}"


def _named(model: Model, axes: Mapping[int, str]) -> Model:
    """The free axes under their names."""
    for number, name in axes.items():
        model.graph.input[0].type.tensor_type.shape.dim[number].dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = axes[0]
    return model


def _without_notes(model: Model) -> Model:
    """The model without the exporter's notes on each node, among them the paths of source files."""
    graph = model.graph
    del graph.value_info[:]
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer, graph, *model.functions):
        part.doc_string = ""
        del part.metadata_props[:]
    return model
