"""A network in a browser: AlexNet's 62,378,344 as listed and VGG16's 138,357,544, layer by layer, and the heads of GoogLeNet last."""

import pytest
from matplotlib.figure import Figure

from clearsight.models.facts import summary
from clearsight.reports.live.network import live_network
from clearsight.reports.live.page import page
from tests.reports.live.examples import example

FACTS = "nodes => nodes.map(node => node.textContent)"


def pages(name):
    return example("network") if name == "alexnet-lecture" else page(live_network(summary(name), name), Figure())


@pytest.mark.parametrize(("name", "total", "last"), [("alexnet-lecture", 62_378_344, 4_097_000), ("vgg16", 138_357_544, 4_097_000)])
def test_the_sum_grows_to_the_networks_parameters(show, name, total, last):
    with show(pages(name)) as window:
        told = [int(text) for text in window.locator("td[data-value]").evaluate_all("nodes => nodes.map(node => node.dataset.value)")]
        assert sum(told) == total and told[-1] == last
        sums = [int(text.replace(",", "")) for text in window.locator("tbody td:nth-child(4)").all_inner_texts()]
        assert sums == [sum(told[: k + 1]) for k in range(len(told))]
        window.get_by_role("button", name="Back").click()
        assert window.locator(".facts b").evaluate_all(FACTS) == ["1000", f"{last:,}", f"{total:,}"]
        assert "1000·4096 + 1000 = 4,097,000" in window.locator(".facts").inner_text()


def test_a_layer_is_chosen_by_slider_and_pointer_and_counted(show):
    with show(pages("alexnet-lecture")) as window:
        assert window.locator(".facts").inner_text().split("\n")[1:3] == ["55×55×96", "a unit sees 11×11 px"]
        assert "96·3·11·11 + 96 = 34,944" in window.locator(".facts").inner_text()
        window.get_by_label("layer", exact=True).fill("3")
        assert "256·96·5·5 + 256 = 614,656" in window.locator(".facts").inner_text()
        window.locator("tbody tr").nth(7).click()
        assert window.locator("tr.best th").inner_text() == "CONV4: 384 3×3 filters at stride 1, pad 1"
        window.locator(".strip rect").nth(9).hover()
        assert window.locator(".facts b").first.inner_text() == "6×6×256" and "195×195" in window.locator(".facts").inner_text()


def test_what_runs_in_training_only_is_the_last_and_apart():
    found = live_network(summary("googlenet"), "").data
    idle = [row for row in found["layers"] if not row["output"]]
    assert found["layers"][-len(idle) :] == idle and sum(row["parameters"] for row in idle) == found["auxiliary"] == 6_379_984
    assert found["layers"][-1]["sum"] == found["parameters"] and any(row["unit"] == "inception3a" for row in found["layers"])
