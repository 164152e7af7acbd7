"""The same logits as torchvision's and timm's networks, from their own state dicts, at random weights."""

import pytest
import torch

from clearsight import models
from tests.models.peers import peer, randomised

CONVNETS = ("alexnet", "squeezenet1_0", "squeezenet1_1", "googlenet")
REGNETS = tuple(name for name in models.regnet.TABLE if name != "regnet_y_128gf")
VITS = tuple(name for name in models.vit.TABLE if name not in ("vit_s_16", "vit_h_14"))
HEAVY = ("regnet_x_16gf", "regnet_x_32gf", "regnet_y_16gf", "regnet_y_32gf", "vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32")
# timm's names → ours, in this order
TIMM_VIT = {
    "cls_token": "class_token",
    "patch_embed.proj": "conv_proj",
    "pos_embed": "encoder.pos_embedding",
    "blocks.": "encoder.layers.encoder_layer_",
    "norm1": "ln_1",
    "norm2": "ln_2",
    "attn.qkv.": "self_attention.in_proj_",
    "attn.proj": "self_attention.out_proj",
    "mlp.fc1": "mlp.0",
    "mlp.fc2": "mlp.3",
    "head": "heads.head",
    "norm.": "encoder.ln.",
}


def difference(ours: models.Model, theirs: torch.nn.Module, renames: dict[str, str], size: tuple[int, int] = (224, 224)) -> float:
    """The largest difference of any logit, relative to the largest logit, after `ours` strictly loaded the state of `theirs`."""
    state = {}
    for key, value in randomised(theirs).state_dict().items():
        for old, new in renames.items():
            key = key.replace(old, new)
        state[key] = value
    head = ours.head.weight
    state[f"{ours.HEAD}.weight"] = state[f"{ours.HEAD}.weight"].view(head.shape)  # a 1×1 convolution is a linear layer
    ours.load_state_dict(state, strict=True)
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs(x)
        assert expected.std() > 1e-3  # the signal came through
        return float((ours.eval()(x) - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in HEAVY else ()) for name in CONVNETS + REGNETS + VITS]
)
def test_logits_are_torchvisions(name):
    options = {"init_weights": False} if name == "googlenet" else {}
    theirs = getattr(peer("torchvision").models, name)(weights=None, **options)
    family = models._table()[name]
    ours = models.build(name, 1000)
    assert difference(ours, theirs, getattr(family, "RENAMES", {}), (224, 224)) < 1e-5


@pytest.mark.parametrize("name", ["alexnet", "squeezenet1_1", "googlenet", "regnet_y_400mf"])
def test_logits_are_torchvisions_at_other_sizes(name):
    options = {"init_weights": False} if name == "googlenet" else {}
    theirs = getattr(peer("torchvision").models, name)(weights=None, num_classes=7, **options)
    ours = models.build(name, 7, height=97, width=130)
    assert difference(ours, theirs, getattr(models._table()[name], "RENAMES", {}), (97, 130)) < 1e-5


def test_the_small_vit_is_timms():
    theirs = peer("timm").create_model("vit_small_patch16_224")
    assert difference(models.build("vit_s_16", 1000), theirs, TIMM_VIT) < 1e-5


def test_in_training_the_auxiliary_heads_are_torchvisions():
    theirs = randomised(peer("torchvision").models.googlenet(weights=None, init_weights=False, num_classes=5, dropout=0.0, dropout_aux=0.0))
    ours = models.build("googlenet", 5, height=96, width=96, dropout=0.0)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs.train()(x)
        found = ours.train()(x)
    torch.testing.assert_close(found, torch.stack([expected.logits, expected.aux_logits1, expected.aux_logits2]), rtol=1e-4, atol=1e-4)
