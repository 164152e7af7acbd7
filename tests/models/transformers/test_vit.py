"""Vision transformers: attention and layers against those of torch."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight import models
from clearsight.models.transformers.vit import Attention, Layer
from tests.models.expected import check, rows


@rows("vit")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def random(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(1)
    for value in module.parameters():
        value.copy_(torch.randn(value.shape, generator=generator) * 0.3)
    return module.eval()


def test_attention_is_torchs():
    ours, theirs = random(Attention(12, 3)), nn.MultiheadAttention(12, 3, batch_first=True).eval()
    theirs.load_state_dict(ours.state_dict())
    x = drawn(2, 5, 12)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x, x, x, need_weights=False)[0], rtol=1e-4, atol=1e-5)


def test_a_layer_is_torchs_with_the_norms_first():
    ours = random(Layer(12, 3, 0.0))
    theirs = nn.TransformerEncoderLayer(12, 3, 48, 0.0, F.gelu, 1e-6, batch_first=True, norm_first=True).eval()
    for a, b in zip(
        (theirs.self_attn, theirs.norm1, theirs.norm2, theirs.linear1, theirs.linear2),
        (ours.self_attention, ours.ln_1, ours.ln_2, ours.mlp[0], ours.mlp[3]),
        strict=True,
    ):
        a.load_state_dict(b.state_dict())
    x = drawn(2, 5, 12)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("side", "patch"), [(64, 4), (65, 16)])
def test_small_pictures_have_patches_a_quarter_as_wide(side, patch):
    with torch.device("meta"):
        model = models.build("vit_s_16", 3, height=side, width=side)
    assert model.conv_proj.kernel_size == model.conv_proj.stride == (patch, patch)
    assert model.encoder.pos_embedding.shape[1] == 1 + (-(-side // patch)) ** 2


def test_a_side_that_is_no_multiple_of_the_patch_is_padded_with_the_mean():
    model = models.build("vit_s_16", 3, channels=1, height=30, width=29, seed=0).eval()
    x = drawn(2, 1, 30, 29)
    larger = models.build("vit_s_16", 3, channels=1, height=32, width=32, seed=0).eval()
    with torch.no_grad():
        assert torch.equal(model.features(x), larger.features(F.pad(x, (0, 3, 0, 2))))  # 0 is the mean of normalised pixels


def test_a_new_head_finds_all_classes_equally_likely():
    model = models.build("vit_s_16", 5, channels=1, height=16, width=16, seed=0).eval()
    assert not model(drawn(2, 1, 16, 16)).any()
