"""Fine-tuning as a figure that lives: stages that are trained, and stages that stay frozen."""

from torch import nn

from ...look.tuning import stages_of
from .page import Live

LEAD = "Retrain only this layer: the more stages stay frozen, the fewer numbers have to be learnt."


def live_tuning(model: nn.Module, title: str) -> Live:
    """The stages of a network with their parameters, from the picture to the head; raises ClearsightError for one that names none."""
    stages = stages_of(model)
    rows = [{"name": one.name, "parameters": one.parameters} for one in stages]
    return Live("tuning", title, LEAD, {"stages": rows, "parameters": sum(one.parameters for one in stages)})
