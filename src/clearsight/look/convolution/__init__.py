"""A convolution and what follows it, number by number: any picture, any filter, and the lecture's examples."""

from .examples import EXAMPLES, NO_MATCH, Calculation, Example, calculate, older_json, transposed_remark
from .filters import NAMED, parsed
from .picture import loaded
from .slide import Convolution, Step, convolve, tidy
from .stage import OPERATIONS, Stage, Window, stages

__all__ = [
    "EXAMPLES", "NAMED", "NO_MATCH", "OPERATIONS", "Calculation", "Convolution", "Example", "Stage", "Step", "Window", "calculate",
    "convolve", "loaded", "older_json", "parsed", "stages", "tidy", "transposed_remark",
]  # fmt: skip
