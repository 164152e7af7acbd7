"""The blend: residual and energy by hand, held-out scores, what is stored, what older versions read, and the exported graph."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA

from clearsight.base.errors import CorruptFile
from clearsight.classifier import Classifier
from clearsight.classifier.uncertainty import Reference, blend
from clearsight.classifier.uncertainty.novelty import Novelty, stored
from clearsight.classifier.uncertainty.reference import read
from clearsight.exports.graph import Network
from tests.exports.made import spread


def held_out(n: int = 60, d: int = 40, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features near a plane of 5 dimensions, class scores, folds."""
    drawn = torch.Generator().manual_seed(seed)
    plane = torch.randn(5, d, generator=torch.Generator().manual_seed(9))
    features = torch.randn(n, 5, generator=drawn) @ plane + 0.1 * torch.randn(n, d, generator=drawn) + 4
    return features, 3 * torch.randn(n, 3, generator=drawn), torch.arange(n) % 5


@pytest.fixture(scope="module")
def novelty() -> Novelty:
    features, logits, fold = held_out()
    kept = replace(stored("fc", features), scores=np.linspace(0, 1, 60, dtype=np.float32), source="cross-validation")
    made, scores = blend.fitted(features, logits, fold, kept.vectors, torch.from_numpy(kept.scores))
    return replace(kept, blend=made, scores=np.sort(scores.numpy()))


def test_residual_and_energy_are_those_of_other_libraries(novelty):
    asked, logits, _ = held_out(20, seed=1)
    unit = F.normalize(asked - novelty.mean, dim=1)
    vectors = novelty.vectors.float().double().numpy()
    directions = PCA(20, svd_solver="full").fit(np.concatenate([vectors, -vectors])).components_  # mirrored, so that the mean is 0
    outside = 1 - np.square(unit.double().numpy() @ directions.T).sum(1)
    (a, b), (c, d) = novelty.blend.scale.double().tolist()
    expected = (outside - a) / b + (-np.log(np.exp(logits.double().numpy()).sum(1)) - c) / d
    assert novelty.blend.directions.shape == (20, 40), "a third of 60 pictures"
    np.testing.assert_allclose(novelty.of(asked, logits).double(), expected, atol=3e-3 / b)  # vectors and directions are float16


def test_a_usual_picture_has_none_and_one_off_the_plane_is_novel(novelty):
    logits = held_out()[1]
    off = torch.randn(60, 40, generator=torch.Generator().manual_seed(5)) * 8 + 4
    assert abs(float(np.median(novelty.scores))) < 1
    assert float((novelty.of(off, logits) > novelty.limit(0.05)).float().mean()) > 0.9
    assert float((novelty.of(held_out(seed=3)[0], held_out(seed=3)[1]) > novelty.limit(0.05)).float().mean()) < 0.2


def test_a_held_out_picture_has_no_part_in_its_score():
    features, logits, fold = held_out()
    other = features.clone()
    other[fold == 0] += 50 * torch.randn(12, 40, generator=torch.Generator().manual_seed(1))
    one, two = (blend.fitted(f, logits, fold, F.normalize(f - f.mean(0), dim=1), torch.empty(0)) for f in (features, other))
    assert torch.equal(one[0].scale[1], two[0].scale[1]) and float(two[1][fold == 0].median()) > float(one[1][fold == 0].median())


def test_what_is_saved_is_what_is_read_and_older_versions_find_their_distances(novelty):
    data, told = Reference(novelty).saved()
    tensors = safetensors.torch.load(data)
    assert tensors["novelty.scores"].tolist() == np.linspace(0, 1, 60, dtype=np.float32).tolist()
    asked, logits, _ = held_out(9, seed=2)
    again = read(data, told, 3).novelty
    assert torch.equal(again.of(asked, logits), novelty.of(asked, logits)) and again.limit(0.05) == novelty.limit(0.05)
    before = read(safetensors.torch.save({k: v for k, v in tensors.items() if k not in NEW}), told, 3).novelty
    assert before.blend is None and before.limit(0.05) < 1 and torch.equal(before.of(asked, logits), stored("fc", held_out()[0]).of(asked))


NEW = ("novelty.directions", "novelty.scale", "novelty.blended")
DAMAGES = {
    "directions": torch.zeros(20, 39, dtype=torch.float16),
    "scale": torch.zeros(2, 2),
    "blended": torch.zeros(60, dtype=torch.float64),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_noticed(novelty, name):
    data, told = Reference(novelty).saved()
    with pytest.raises(CorruptFile):
        read(safetensors.torch.save(safetensors.torch.load(data) | {f"novelty.{name}": DAMAGES[name]}), told, 3)


def blended() -> Classifier:
    classifier = spread("lenet5", channels=1)
    kept = classifier.reference.novelty
    width = kept.vectors.shape[1]
    directions = torch.linalg.qr(torch.randn(width, 8, generator=torch.Generator().manual_seed(0)))[0].T.half().contiguous()
    made = blend.Blend(directions, torch.tensor([[0.5, 0.1], [-3.0, 2.0]]), torch.from_numpy(kept.scores))
    classifier.reference = replace(classifier.reference, novelty=replace(kept, blend=made))
    return classifier


def test_an_exported_graph_computes_the_same():
    classifier = blended()
    batch = torch.randint(0, 256, (3, 1, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = Network(classifier).eval()(batch)[1]
    torch.testing.assert_close(found, classifier.judged(batch)[1], atol=1e-4, rtol=0)


def test_what_is_usual_is_measured_on_features_that_a_fold_has_not_seen():
    features, logits, fold = held_out()
    outside = np.empty(60)
    for out in (fold.numpy() == k for k in range(5)):
        unit = F.normalize(features - features[~out].mean(0), dim=1).double().numpy()
        directions = np.linalg.svd(unit[~out])[2][:20]  # a third of 60
        outside[out] = 1 - np.square(unit[out] @ directions.T).sum(1)
    made, _ = blend.fitted(features, logits, fold, F.normalize(features - features.mean(0), dim=1), torch.empty(0))
    usual, rare = np.quantile(outside, (0.5, 0.9))
    np.testing.assert_allclose(made.scale[0].numpy(), (usual, rare - usual), rtol=1e-3)
