"""What the papers and the peers say of each network, from `golden/FAMILY.toml`, and weights that any library can make."""

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from clearsight import models
from clearsight.base.compute.device import shapes_only

Row = tuple[str, tuple[int, int, int], int]  # network, input (C, H, W), classes
GOLDEN = Path(__file__).parent / "golden"


def facts(family: str) -> dict[Row, dict[str, Any]]:
    """The rows of a family's file; a key is a name, and input and classes where they are not the row's own."""
    found = {}
    for key, expected in tomllib.loads((GOLDEN / f"{family}.toml").read_text()).items():
        name, *other = key.split()
        size, classes = (tuple(map(int, other[0].split("x"))), int(other[1])) if other else models.published(name)
        found[name, size, classes] = expected
    return found


def rows(family: str) -> pytest.MarkDecorator:
    """A test of `row` and `expected`, for each row of the family's file."""
    found = facts(family)
    return pytest.mark.parametrize(("row", "expected"), found.items(), ids=[f"{name}-{size[1]}px" for name, size, _ in found])


def check(row: Row, expected: dict[str, Any]) -> None:
    """The network has these numbers of parameters and stored values, and stages of these shapes, in the order of computation."""
    name, size, classes = row
    with shapes_only():
        model = models.build(name, classes, channels=size[0], height=size[1], width=size[2])
    assert sum(p.numel() for p in model.parameters()) == expected["parameters"]
    found = shapes(model, size)
    assert tuple(found) == model.STAGES
    if "stored" in expected:  # then every stage is given
        assert (models.stored(model), found) == (expected["stored"], expected["stages"])
    stages = expected.get("stages", {})
    assert {stage: found[stage] for stage in stages} == stages


def shapes(model: torch.nn.Module, size: tuple[int, int, int]) -> dict[str, list[int]]:
    """The output of every stage of a network without storage, without the batch."""
    found: dict[str, list[int]] = {}
    for stage in model.STAGES:
        model.get_submodule(stage).register_forward_hook(lambda _, __, y, stage=stage: found.update({stage: list(y.shape[1:])}))
    model.eval()(torch.zeros(2, *size, device="meta"))
    return found


def filled(model: torch.nn.Module) -> torch.nn.Module:
    """The model with weights that any library can make: sines."""
    with torch.no_grad():
        for i, (name, value) in enumerate(model.state_dict().items()):
            if not value.is_floating_point():
                continue
            wave = torch.sin(torch.arange(value.numel(), dtype=torch.float64) * (0.37 + 0.01 * (i % 7)) + i).view(value.shape)
            if value.ndim > 1:
                wave = wave * math.sqrt(2 / (value.numel() / len(value)))
            elif name.endswith(("running_var", "weight")):
                wave = 1 + wave / 4
            else:
                wave = wave / 10
            value.copy_(wave)
    return model.eval()


def waves(*shape: int) -> torch.Tensor:
    return torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 0.013).view(shape).float()


def check_logits(name: str, expected: tuple[tuple[float, ...], ...]) -> None:
    """The first logits of a peer's own network (torchvision 0.29.2, timm 1.0.31, Keras 3.15.1), with weights and pictures of sines."""
    model = filled(models.build(name, 1000, channels=3, height=96, width=80))
    with torch.no_grad():
        logits = model(waves(2, 3, 96, 80))
    assert torch.allclose(logits[:, :3], torch.tensor(expected), atol=2e-4)
