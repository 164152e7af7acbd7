"""What the page shows is what the network computes: random units of five networks as text, and maps as pixels."""

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib._cm import _RdBu_data
from PIL import Image
from torch import nn

from clearsight.look.capture import captured
from clearsight.look.features import strongest
from clearsight.look.target import subject
from clearsight.studio.library import network
from tests.studio.browsing import running, window

NETWORKS = ("lenet5", "swift", "lecun1989", "pixels", "[(conv8 relu)*2 pool]*2 (fc16 relu)*1 softmax")
SOME, FIFTY = (10, 2, 2, 2, 2), (10,) * 5  # units of each
KINDS = (nn.Conv2d, nn.Linear, nn.MaxPool2d, nn.AvgPool2d)
READ = "one => [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    file = folder / "noise.png"
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 30, 3), np.uint8)).save(file)
    with running(folder, *NETWORKS) as one:
        one.file = file
        yield one


def units(name, file, count):
    """Some random places of a network, (layer, channel, place, value), and its input's own numbers by torch."""
    found, rng = subject(name), np.random.default_rng(len(name))
    layers = [path for path, module in found.model.named_modules() if isinstance(module, KINDS)]
    outputs = captured(found.model.eval(), found.inputs(str(file)), layers)
    for layer in rng.choice(list(outputs), count):
        out = outputs[layer][0]
        index = tuple(int(rng.integers(n)) for n in out.shape)
        yield str(layer), index[0], index[1:], float(out[index])


@pytest.mark.parametrize("counts", [SOME, pytest.param(FIFTY, marks=pytest.mark.slow)], ids=["some", "fifty"])
def test_units_of_five_networks_are_those_of_torch(chromium, studio, counts):
    with window(chromium, studio, 422) as page:  # one of them has no maps, and says so
        page.set_input_files("input[type=file]", studio.file)
        page.locator(".said .label").wait_for()
        kept = page.evaluate("location.hash.match(/p_[0-9a-f]+/)[0]")
        for name, count in zip(NETWORKS, counts, strict=True):
            for layer, channel, at, value in units(name, studio.file, count):
                place = ",".join(map(str, at))
                page.evaluate(f"location.hash = '#/pictures/{network(name).id}/{kept}?layer={layer}&channel={channel}&at={place}'")
                title = f"The number at {layer}, channel {channel}{f' at {place}' if at else ''}"
                page.locator(".scope h2").get_by_text(title, exact=True).wait_for()
                shown = page.locator(".descent [aria-current]")
                assert float(shown.get_attribute("data-value")) == pytest.approx(value, rel=1e-4, abs=1e-5), (name, title)
                text = float(shown.inner_text().rpartition(": ")[2].split()[0].replace("−", "-"))
                assert text == pytest.approx(value, rel=1e-4, abs=1e-4) and "✓" in shown.inner_text(), (name, title)


def coloured(values):
    """Colours uint8 `(H, W, 3)` as the page is to have them: viridis from least to largest, RdBu around 0 with a sign."""
    low, high = float(values.min()), float(values.max())
    most = max(-low, high) or 1
    share = (values / most + 1) / 2 if low < 0 else (values - low) / ((high - low) or 1)
    table = 255 * (np.array(_RdBu_data)[::-1] if low < 0 else matplotlib.colormaps["viridis"](np.linspace(0, 1, 10))[:, :3])
    place = np.clip(share, 0, 1) * (len(table) - 1)
    return np.stack([np.interp(place, np.arange(len(table)), table[:, k]) for k in range(3)], 2)


def test_maps_read_back_from_the_page_are_the_colours_of_torchs_values(chromium, studio):
    with window(chromium, studio) as page:
        page.set_input_files("input[type=file]", studio.file)
        wall = page.locator(".wall canvas")
        wall.first.wait_for()
        kept = page.evaluate("location.hash.match(/p_[0-9a-f]+/)[0]")
        for name, positive in ((NETWORKS[0], False), (NETWORKS[-1], True)):  # around zero, and from the least to the largest
            page.evaluate(f"location.hash = '#/pictures/{network(name).id}/{kept}'")
            found = subject(name)
            stages = {one: out[0] for one, out in captured(found.model.eval(), found.inputs(str(studio.file))).items() if out.ndim == 4}
            at = next(k for k, out in enumerate(stages.values()) if (float(out.min()) >= 0) == positive)
            stage, values = list(stages.items())[at]
            for _ in range(at):
                page.get_by_role("slider", name="stage").press("ArrowRight")
            page.get_by_role("heading", name=f"{stage}: {'×'.join(map(str, values.shape))}").wait_for()
            for k, channel in enumerate(strongest(values, 24)):
                one = values[channel].to(torch.float64).numpy()
                drawn = np.array(wall.nth(k).evaluate(READ)).reshape(*one.shape, 4)
                assert (drawn[..., 3] == 255).all()
                assert np.abs(drawn[..., :3] - coloured(one)).max() <= 1.2  # tables and colours are rounded
