"""A classifier as an ONNX model, by PyTorch's exporter; needs onnx and onnxscript, and onnxruntime to run it."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from ..base.errors import ClearsightError, MissingExtra
from ..classifier.engines.onnx_bytes import refused
from ..images.preprocess import Preprocessing
from .graph import AXES, Network, example, fit_of, free_axes

Model: TypeAlias = Any  # an onnx.ModelProto; the package has no types
Run: TypeAlias = Callable[[np.ndarray], list[np.ndarray]]
OPSET = 20
NEEDED = ("onnx", "onnxscript", "onnxruntime")
LARGEST = 2**31 - 2**20  # bytes: a protocol buffer has less than 2 GiB


def require() -> None:
    """Raise MissingExtra unless the packages that write and check an ONNX file are installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise MissingExtra(f"exporting needs {', '.join(missing)}: pip install 'clearsight[onnx]'.")


def network(module: Network, preprocessing: Preprocessing) -> Model:
    """The ONNX model from fitted pictures to the outputs, for any batch; raises ClearsightError where the network cannot be traced, or has
    more weights than a file holds.
    """
    _fits(sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers())))  # before minutes of tracing
    return _traced(module, preprocessing, "fitted", module.outputs)


def whole(model: Model, preprocessing: Preprocessing) -> Model:
    """The model of a `network` with the preprocessing before it, for any batch and size; `model` stays as it is."""
    import onnx

    first = onnx.compose.add_prefix(_fit(preprocessing), "fit.", rename_inputs=False, rename_outputs=False)
    made = onnx.compose.merge_models(first, model, io_map=[("fitted", "fitted")], producer_name="clearsight")
    return made


def with_fitted(model: Model) -> Model:
    """A copy of a `whole` model that returns the fitted pictures too, as its last output."""
    import onnx

    made = type(model)()
    made.CopyFrom(model)
    made.graph.output.append(onnx.helper.make_tensor_value_info("fitted", onnx.TensorProto.UINT8, None))
    return made


def runner(model: Model) -> Run:
    """What runs a model in ONNX Runtime on the CPU, in float32: an array to the list of outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(serialised(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pictures: session.run(None, {name: pictures})


def serialised(model: Model, properties: Mapping[str, str] | None = None) -> bytes:
    """The content of the file, with `properties` as its `metadata_props`; raises ClearsightError above 2 GiB, and for a graph that is not
    read again.
    """
    import onnx

    _fits(model.ByteSize())
    onnx.helper.set_model_props(model, dict(properties or {}))
    data: bytes = model.SerializeToString()
    if found := refused(data):
        raise ClearsightError(f"this network cannot be exported: it has {found}.")
    return data


def _fits(size: int) -> None:
    if size > LARGEST:
        raise ClearsightError(f"the model has {size:,} bytes, where an ONNX file has {LARGEST:,} at most.")


@lru_cache(maxsize=2)
def _fit(preprocessing: Preprocessing) -> Model:
    return _traced(fit_of(preprocessing), preprocessing, "pictures", ("fitted",))


def _traced(module: nn.Module, preprocessing: Preprocessing, entry: str, outputs: Sequence[str]) -> Model:
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(
                module.eval(),
                (example(preprocessing, entry),),
                dynamo=True,
                input_names=[entry],
                output_names=list(outputs),
                dynamic_shapes=(free_axes(entry),),
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:  # a tracer raises anything
        raise ClearsightError(f"this network cannot be exported: {reason(error)}") from error
    assert program is not None  # only with `f`
    return _named(_without_notes(program.model_proto), AXES[entry])


@contextmanager
def quiet() -> Iterator[None]:
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


def reason(error: BaseException) -> str:
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
