"""A faster copy of a network is refused from one thousandth of the spread of the logits on, in bfloat16 from a tenth."""

from types import SimpleNamespace

import pytest
import torch

from clearsight.classifier import trial
from clearsight.images.preprocess import Preprocessing


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
