"""Features before the last layer, their layout, and what is near."""

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.open import open_dataset
from clearsight.look.embedding import drawn, embedded, features, laid_out, nearest, purity
from clearsight.look.target import subject

DIGITS = next(iter(open_dataset("digits").parts.values()))


def test_features_are_those_before_the_head():
    seen = subject("lenet5", (1, 28, 28), 10)
    x = torch.randn(5, 1, 28, 28)
    torch.testing.assert_close(features(seen, x), seen.model.eval().features(x).detach())
    with pytest.raises(ClearsightError, match="no linear layer"):
        features(subject("conv3x3", (1, 8, 8)), x)


def test_nearest_and_purity_equal_scikit_learns():
    seen, chosen = subject("pixels", (1, 8, 8), 10), list(range(0, 600, 2))
    read, vectors = embedded(seen, DIGITS, chosen)
    assert read == chosen and vectors.shape == (300, 64)
    peer = NearestNeighbors(n_neighbors=11, metric="cosine").fit(vectors.numpy())
    distances, places = peer.kneighbors(vectors.numpy())
    found = nearest(vectors, vectors[7], DIGITS, chosen, 11)
    assert [one.index for one in found] == [chosen[i] for i in places[7]]
    np.testing.assert_allclose([1 - one.cosine for one in found], distances[7], atol=1e-6)
    labels = DIGITS.labels[chosen]
    wanted = (labels[places[:, 1:]] == labels[:, None]).mean()
    assert purity(vectors, labels.tolist()) == pytest.approx(wanted, abs=0.002)  # two at the same distance


def test_an_unreadable_picture_is_left_out(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        Image.fromarray(DIGITS.pictures[ord(name)]).save(tmp_path / name / "1.png")
    (tmp_path / "a" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    seen, data = subject("pixels", (1, 8, 8), 10), open_dataset(tmp_path)["all"]
    read, vectors = embedded(seen, data, drawn(data, 10))
    assert [str(data.names[i]) for i in read] == ["a/1.png", "b/1.png", "c/1.png"] and drawn(data, 10) == [0, 1, 2, 3]
    torch.testing.assert_close(vectors[2], features(seen, seen.inputs(data.source(3)))[0])
    with pytest.raises(ClearsightError, match="none of these pictures can be read"):
        embedded(seen, data, [0])


@pytest.mark.parametrize("how", ["pca", "tsne"])
def test_classes_that_are_apart_stay_apart_in_the_plane(how):
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(60, 12, generator=generator) + 20 * torch.eye(12)[torch.arange(60) % 3]
    places = laid_out(vectors, how)
    assert places.shape == (60, 2) and np.array_equal(places, laid_out(vectors, how))
    assert purity(torch.from_numpy(places - places.mean(0)), (torch.arange(60) % 3).tolist()) > 0.9


def test_another_layout_is_refused():
    with pytest.raises(UsageError, match="pca"):
        laid_out(torch.randn(5, 3), "pac")
