"""The same logits as torchvision's and timm's networks, from their own state dicts, at random weights."""

import pytest
import torch

from clearsight import models
from clearsight.weights.names import check
from clearsight.weights.torchvision import translate
from tests.models.peers import peer, randomised

CONVNETS = ("alexnet", "squeezenet1_0", "squeezenet1_1", "googlenet")
QUICK = (*CONVNETS, "regnet_x_400mf", "regnet_x_1_6gf", "regnet_y_400mf", "regnet_y_1_6gf")
SLOW = [name for name in (*models.regnet.TABLE, *models.vit.TABLE) if name not in (*QUICK, "regnet_y_128gf", "vit_s_16", "vit_h_14")]
TIMM = {
    "vit_s_16": "vit_small_patch16_224",
    "vit_b_32": "vit_base_patch32_224",
    "regnet_x_400mf": "regnetx_004_tv",
    "regnet_y_800mf": "regnety_008_tv",
}


def torchvisions(name: str, **options: object) -> torch.nn.Module:
    if name == "googlenet":
        options["init_weights"] = False
    return getattr(peer("torchvision").models, name)(weights=None, **options)


def difference(store: str, name: str, theirs: torch.nn.Module, classes: int = 1000, size: tuple[int, int] = (224, 224)) -> float:
    """The largest difference of any logit, relative to the largest, after ours took the whole state of `theirs`."""
    ours = models.build(name, classes, height=size[0], width=size[1])
    state = translate(randomised(theirs).state_dict(), ours, getattr(models.family(name), "NAMES", {}).get(store, {}))
    check({key: value for key, value in ours.state_dict().items() if not key.endswith("num_batches_tracked")}, state, store, "")
    ours.load_state_dict(state, strict=False)  # batch norm's counters
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs(x)
        assert expected.std() > 1e-3  # the signal came through
        found = float((ours.eval()(x) - expected).abs().max() / expected.abs().max())
    print(f"{name} against {store}: {found:.1e}")  # pytest -s
    return found


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_logits_are_torchvisions(name):
    assert difference("torchvision", name, torchvisions(name)) < 1e-5


@pytest.mark.parametrize("name", ["alexnet", "squeezenet1_1", "googlenet", "regnet_y_400mf"])
def test_logits_are_torchvisions_at_other_sizes(name):
    assert difference("torchvision", name, torchvisions(name, num_classes=7), 7, (97, 130)) < 1e-5


@pytest.mark.parametrize(("name", "called"), TIMM.items())
def test_logits_are_timms(name, called):
    assert difference("timm", name, peer("timm").create_model(called)) < 1e-5


def test_in_training_the_auxiliary_heads_are_torchvisions():
    theirs = randomised(torchvisions("googlenet", num_classes=5, dropout=0.0, dropout_aux=0.0))
    ours = models.build("googlenet", 5, height=96, width=96, dropout=0.0)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs.train()(x)
        found = ours.train()(x)
    torch.testing.assert_close(found, torch.stack([expected.logits, expected.aux_logits1, expected.aux_logits2]), rtol=1e-4, atol=1e-4)
