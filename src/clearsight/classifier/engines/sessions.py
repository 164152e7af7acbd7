"""ONNX Runtime and OpenVINO: one session a file, read from bytes, so that it can reach no other file.

Shapes: N pictures, K classes.
"""

import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ...base.errors import CorruptFile, MissingExtra, UsageError, unknown
from .onnx_bytes import require_plain

TORCH, ONNX, OPENVINO = ENGINES = ("torch", "onnx", "openvino")
PRECISIONS = {ONNX: ("float32",), OPENVINO: ("float32", "bfloat16")}  # in which a runtime can be asked to compute a file
_HINTS = {"float32": "f32", "bfloat16": "bf16"}
Outputs = dict[str, NDArray[np.float32]]


class Session(Protocol):
    """A file that a runtime has compiled; `metadata` are the texts stored in the file."""

    metadata: Mapping[str, str]

    def run(self, pictures: NDArray[np.uint8]) -> Outputs:
        """The outputs by name, `probabilities` `(N, K)` among them, for pictures uint8 of the shape that the file takes."""
        ...


def session(data: bytes, name: str, engine: str, precision: str = "float32", threads: int = 0) -> Session:
    """The file with the content `data` and this `name`, compiled by `engine` with `threads`, 0 for as many as torch has.

    Raises CorruptFile for data that the runtime does not read, UsageError for an unknown engine or a precision that it has not,
    MissingExtra.
    """
    if engine not in _KINDS:
        raise unknown("engine of exported files", engine, _KINDS)
    if precision not in PRECISIONS[engine]:
        raise UsageError(f"{engine} computes an exported file in {' or '.join(PRECISIONS[engine])}, not in {precision}.")
    runtime = imported(engine)
    require_plain(data, name)
    try:
        return _KINDS[engine](runtime, data, precision, threads or torch.get_num_threads())
    except Exception as error:  # the runtimes raise several kinds of errors for data that are not a model
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CorruptFile(f"{name} cannot be read by {engine}: {first:.200}") from error


def imported(engine: str) -> Any:
    """The package of an engine; raises MissingExtra where it is not installed."""
    package = {ONNX: "onnxruntime"}.get(engine, engine)
    try:
        return import_module(package)
    except ImportError:
        raise MissingExtra(f"the engine {engine} needs {package}: pip install 'clearsight[{engine}]'.") from None


class _OnnxRuntime:
    def __init__(self, runtime: Any, data: bytes, precision: str, threads: int) -> None:
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 4  # of an error, which is raised too, no second line
        options.add_session_config_entry("session.load_model_format", "ONNX")  # never the runtime's own format, by a sign in the bytes
        self._session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def run(self, pictures: NDArray[np.uint8]) -> Outputs:
        return dict(zip(self._outputs, self._session.run(self._outputs, {self._input: pictures}), strict=True))


class _OpenVino:
    def __init__(self, runtime: Any, data: bytes, precision: str, threads: int) -> None:
        core = runtime.Core()
        model = core.read_model(data)
        told = model.get_rt_info()["framework"] if model.has_rt_info(["framework"]) else {}
        self.metadata: Mapping[str, str] = {name: str(getattr(value, "value", value)) for name, value in told.items()}
        # without the hint it computes in bfloat16 where the processor can, preprocessing included: probabilities are off by up to 0.8
        hints = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        self._compiled = core.compile_model(model, "CPU", hints)
        self._request = self._compiled.create_infer_request()
        self._outputs = [output.any_name for output in self._compiled.outputs]
        self._lock = threading.Lock()  # a request computes one batch at a time

    def run(self, pictures: NDArray[np.uint8]) -> Outputs:
        with self._lock:
            found = self._request.infer([pictures], share_inputs=True)
            return {name: np.array(found[i]) for i, name in enumerate(self._outputs)}


_KINDS: dict[str, Callable[[Any, bytes, str, int], Session]] = {ONNX: _OnnxRuntime, OPENVINO: _OpenVino}
