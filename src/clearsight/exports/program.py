"""A classifier as a PyTorch program, `.pt2`: for PyTorch without Clearsight, and for what compiles such programs."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from ..base.errors import ClearsightError
from ..images.preprocess import Preprocessing
from .graph import Network, example, fit_of, free_axes
from .onnx import Run, quiet, reason


def traced(module: Network, preprocessing: Preprocessing) -> Any:
    """The exported program: pictures of any batch and size in, the outputs of `module` out; raises ClearsightError as `onnx.network`."""
    whole = nn.Sequential(fit_of(preprocessing), module).eval()
    try:
        with quiet(), torch.no_grad():
            return torch.export.export(whole, (example(preprocessing, "pictures"),), dynamic_shapes=(free_axes("pictures"),))
    except Exception as error:  # a tracer raises anything
        raise ClearsightError(f"this network cannot be exported: {reason(error)}") from error


def serialised(made: Any, properties: Mapping[str, str] | None = None) -> bytes:
    """The content of the file, with `properties` as its extra files."""
    stream = io.BytesIO()
    with quiet():
        torch.export.save(made, stream, extra_files=dict(properties or {}))
    return stream.getvalue()


def runner(made: Any, preprocessing: Preprocessing) -> Run:
    """What runs the program as it is read from a file: an array to the list of outputs, and the fitted pictures as the last."""
    with quiet():
        module, fit = torch.export.load(io.BytesIO(serialised(made))).module(), fit_of(preprocessing)

    def run(pictures: np.ndarray) -> list[np.ndarray]:
        given = torch.from_numpy(pictures)
        with torch.no_grad():
            return [found.numpy() for found in (*module(given), fit(given))]

    return run
