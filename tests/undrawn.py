"""Reports without their charts: in each one's place stands a digest of what it is drawn from. To draw them takes most of a small run."""

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from clearsight.reports.figures import charts, risk_coverage

NAMES = ((charts, "confusion"), (charts, "recall"), (charts, "reliability"), (charts, "lines"), (risk_coverage, "risk_coverage"))


@dataclasses.dataclass(frozen=True)
class Undrawn:
    """A chart that says what it shows by a digest."""

    digest: str

    def svg(self) -> str:
        return f'<svg class="chart" role="img" aria-label="{self.digest}"></svg>'


def numbers(value: Any) -> Iterator[str]:
    """All that is in a value, whatever holds it: equal charts are drawn from equal ones."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, one.name) for one in dataclasses.fields(value)]
    if isinstance(value, dict):
        value = [*value.items()]
    if isinstance(value, (list, tuple)):
        yield f"{len(value)} of"
        for one in value:
            yield from numbers(one)
    else:
        yield repr(value.item() if isinstance(value, np.generic) else value)


def digest(*given: Any) -> Undrawn:
    return Undrawn(hashlib.sha256("\n".join(numbers(given)).encode()).hexdigest())


def lines(series: Any, steps: Any, **more: Any) -> Undrawn | None:
    """As the chart of this name, there is none without a finite value."""
    finite = any(math.isfinite(value) for _, values, _ in series for value in values)
    return digest(series, steps, sorted(more.items())) if finite else None


def undraw(replace: Callable[[Any, str, Any], None] = setattr) -> None:
    """Draw no chart of a report in this process."""
    for module, name in NAMES:
        replace(module, name, lines if name == "lines" else lambda *given, name=name, **more: digest(name, given, sorted(more.items())))


@pytest.fixture(scope="module")
def undrawn() -> Iterator[None]:
    """No chart of a report is drawn in the tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        undraw(patch.setattr)
        yield
