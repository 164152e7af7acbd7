"""ReLU and pooling, window by window, are torch's."""

import pytest
import torch
import torch.nn.functional as F

from clearsight.base.errors import UsageError
from clearsight.look.convolution import stages

MAPS = torch.randn(3, 9, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (3, 3), (2, 1)])
@pytest.mark.parametrize(("word", "pool"), [("maxpool", F.max_pool2d), ("avgpool", F.avg_pool2d)])
def test_pooling_is_torchs(word, pool, size, stride):
    stage = stages(MAPS, f"{word}{size}x{size}/{stride}")[0]
    assert torch.allclose(stage.maps, pool(MAPS[None], size, stride)[0], atol=1e-8)
    for window in stage.windows():
        values = window.patch.flatten()
        assert window.value == pytest.approx(float(values.max() if word == "maxpool" else values.mean()), abs=1e-8)
        if window.best:
            assert float(window.patch[window.best]) == pytest.approx(window.value, abs=1e-8)


def test_stages_follow_one_another():
    relu, pool = stages(MAPS, "ReLU, maxpool")
    assert torch.equal(relu.maps, pool.before) and pool.words == "2×2 max pooling, stride 2" and relu.words == "ReLU"
    assert stages(MAPS, "") == ()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("relu,maxpol", "Did you mean maxpool"),
        ("maxpool2x3", "square window"),
        ("relu2x2", "no size"),
        ("maxpool8x8", "does not fit a map of 9×7"),
    ],
)
def test_what_is_no_stage_is_refused(words, says):
    with pytest.raises(UsageError, match=says):
        stages(MAPS, words)
