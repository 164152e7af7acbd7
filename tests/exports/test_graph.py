"""The graph as a module: views, orders of channels, ensembles and novelty as the classifier computes them."""

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.classifier.ensemble import join
from clearsight.exports.comparison import answers, drawn
from clearsight.exports.graph import Network, fit_of
from tests.exports.made import spread

SETTINGS = {
    "plain": {},
    "mirror": {"views": "mirror shift:1"},
    "ten crops": {"views": "ten-crop"},
    "caffe": {"order": "bgr", "mean": (0.41, 0.46, 0.48), "std": (1 / 255,) * 3, "fit": "stretch", "interpolation": "nearest"},
    "grey": {"channels": 1, "fit": "pad"},
    "five bands": {"channels": 5, "interpolation": "bicubic", "crop_fraction": 0.875},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_it_computes_what_the_classifier_does(name):
    same(spread("lenet5", **SETTINGS[name]))


def test_an_ensemble_is_one_graph():
    members = [spread(name) for name in ("lenet5", "swift")]
    members[1].classes = members[1].classes[::-1]
    same(join(members))


def test_bicubic_without_antialiasing_is_refused():
    with pytest.raises(UsageError, match="bicubic without antialiasing has no exported form"):
        fit_of(spread("lenet5", interpolation="bicubic", antialias=False).preprocessing)


def same(classifier) -> None:
    pictures = drawn(classifier.preprocessing)[:4]
    expected = answers(classifier, pictures)
    fit, network = fit_of(classifier.preprocessing), Network(classifier).eval()
    for number, picture in enumerate(pictures):
        with torch.no_grad():
            fitted = fit(torch.from_numpy(picture)[None])
            found = network(fitted)
        assert torch.equal(fitted[0], torch.from_numpy(expected.fitted[number]))
        assert found[0][0].numpy() == pytest.approx(expected.probabilities[number], abs=2e-6)
        if expected.novelty is not None:
            assert float(found[1][0]) == pytest.approx(expected.novelty[number], abs=2e-6)
