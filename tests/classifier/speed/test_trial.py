"""A faster copy of a classifier is tried before it is used."""

import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from clearsight import Classifier, Preprocessing
from clearsight.classifier.speed import trial

BATCH = torch.randint(0, 256, (6, 1, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


class Thinks(nn.Module):
    """Runs in float32 only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.avg_pool3d(x[:, None], (1, 3, 3), 1, (0, 1, 1))[:, 0]


class Coarse(nn.Module):
    """What is left is what bfloat16 rounds away."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (1000 + x - 1000) * 10


class Sized(nn.Module):
    """Followed with whatever comes first, it computes otherwise with what comes next."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (2 if torch.fx._symbolic_trace._is_fx_tracing_flag else 1)


@pytest.mark.parametrize(
    ("layer", "speed", "taken", "why"),
    [
        (Thinks(), "bf16", "folded", "does not run in it, .*BFloat16"),
        (Coarse(), "bf16", "folded", "off by"),
        (Sized(), "auto", "plain", "speed folded is not used: its scores are off by"),
        (Sized(), "bf16", "plain", "speed bf16 is not used.*speed folded is not used"),
    ],
)
def test_a_road_is_tried_before_it_is_taken(layer, speed, taken, why, capfd):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), layer, nn.Flatten(), nn.Linear(4 * 14 * 14, 10))
    made = Classifier(model, Preprocessing(1, 16, 16), [f"c{i}" for i in range(10)])
    quick = made.faster(speed)
    assert quick.speed == taken and quick.precision == "float32"
    assert re.search(why, quick.note) and "\n" not in quick.note
    assert torch.allclose(quick.logits(BATCH), made.logits(BATCH), atol=1e-4)
    assert "".join(capfd.readouterr()) == ""  # no traceback of torch.fx


def scorer(error: float, dtype: torch.dtype = torch.float32) -> SimpleNamespace:
    """Four logits for each picture, all of them too large by the share `error`."""
    return SimpleNamespace(
        preprocessing=Preprocessing(1, 8, 8),
        precision=str(dtype),
        inputs=lambda pictures: pictures.to(dtype) / 256,
        model=lambda inputs: inputs.float().flatten(1)[:, :4] * (1 + error),
    )


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float32, 1e-3), (torch.bfloat16, 0.1)])
def test_the_limit_of_the_error(dtype, limit):
    exact = scorer(0, dtype)
    assert trial.refused(exact, scorer(0.98 * limit, dtype)) == ""
    assert f"where {limit:.1%} is allowed" in trial.refused(exact, scorer(1.02 * limit, dtype))


def test_scores_that_are_not_finite_are_refused_unless_the_original_has_them_too():
    exact, broken = scorer(0), scorer(float("nan"))
    assert trial.refused(exact, broken) == "its scores are not finite"
    assert trial.refused(broken, broken) == ""
