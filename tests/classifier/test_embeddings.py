"""Embeddings: the input of the last layer for each picture that can be read, in a file that is complete or not there."""

import numpy as np
import pytest
import torch

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier, Failure, embed_many, save_embeddings
from clearsight.classifier import embeddings as module
from clearsight.images.preprocess import Preprocessing
from tests.pictures import digit_arrays

PREPROCESSING = Preprocessing(channels=1, height=28, width=28, mean=(0.5,), std=(0.5,))
PICTURES = [*digit_arrays(4)[0][:5], b"no picture", *digit_arrays(4)[0][5:12]]


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(0)
    return Classifier(
        models.build("lenet5", 10, channels=1, height=28, width=28), PREPROCESSING, tuple("0123456789"), architecture="lenet5"
    )


def expected(classifier, views=("",)):
    """The features of the pictures that can be read, by the network's own method."""
    fitted = torch.stack([PREPROCESSING.load(picture) for picture in PICTURES if not isinstance(picture, bytes)])
    with torch.no_grad():
        inputs = classifier.inputs(fitted)
        turned = [inputs.flip(3) if view == "mirror" else inputs for view in views]
        return torch.stack([classifier.model.features(one) for one in turned]).mean(0).numpy()


@pytest.mark.parametrize("batch_size", [1, 3, 64])
@pytest.mark.parametrize(("views", "speed"), [("", "plain"), ("mirror", "folded")])
def test_each_vector_is_the_input_of_the_head_and_each_answer_classify_manys(batch_size, views, speed, classifier):
    viewed = classifier.viewed(views).faster(speed)
    found = list(embed_many(viewed, PICTURES, batch_size=batch_size))
    assert [answer for answer, _ in found] == list(viewed.classify_many(PICTURES, batch_size=batch_size))
    assert [vector is None for _, vector in found] == [isinstance(answer, Failure) for answer, _ in found]
    vectors = np.stack([vector for _, vector in found if vector is not None])
    np.testing.assert_allclose(vectors, expected(classifier, ("", "mirror") if views else ("",)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_a_file_holds_every_picture_that_could_be_read(suffix, classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 5)  # several row groups
    path = tmp_path / "new" / f"vectors{suffix}"
    answers = list(module.saving(path, embed_many(classifier, PICTURES, batch_size=4)))
    assert [type(answer).__name__ for answer in answers].count("Failure") == 1 and len(answers) == len(PICTURES)
    read = _npz(path) if suffix == ".npz" else _parquet(path)
    known = [answer for answer in answers if not isinstance(answer, Failure)]
    assert read["path"].tolist() == [answer.source for answer in known]
    assert read["label"].tolist() == [answer.label for answer in known]
    assert read["index"].tolist() == [answer.index for answer in known]
    np.testing.assert_array_equal(read["confidence"], np.array([answer.confidence for answer in known], np.float32))
    np.testing.assert_allclose(read["embedding"], expected(classifier), rtol=1e-4, atol=1e-5)
    assert read["embedding"].dtype == np.float32
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def _npz(path):
    with np.load(path) as held:
        return dict(held)


def _parquet(path):
    from pyarrow import parquet

    table = parquet.read_table(path)
    assert parquet.ParquetFile(path).num_row_groups > 1
    columns = {name: table[name].to_numpy() for name in ("path", "label", "index", "confidence")}
    return {**columns, "embedding": np.stack(table["embedding"].to_pylist()).astype(np.float32)}


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_without_a_readable_picture_the_file_has_no_rows(suffix, classifier, tmp_path):
    save_embeddings(tmp_path / f"a{suffix}", embed_many(classifier, [b"none"]))
    if suffix == ".npz":
        assert _npz(tmp_path / "a.npz")["embedding"].shape == (0, 0)
    else:
        from pyarrow import parquet

        assert parquet.read_table(tmp_path / "a.parquet").num_rows == 0


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_an_interruption_leaves_the_file_that_was_there(suffix, classifier, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"before")

    def rows():
        yield from list(embed_many(classifier, PICTURES[:2]))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_embeddings(path, rows())
    assert path.read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1


def test_what_cannot_be_is_refused_before_a_picture_is_read(classifier, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"the file of embeddings must be \.npz or \.parquet\. Got 'a\.csv'"):
        save_embeddings("a.csv", embed_many(classifier, ["missing"]))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(UsageError, match=r"pip install 'clearsight\[parquet\]'"):
        save_embeddings("a.parquet", embed_many(classifier, ["missing"]))
    headless = Classifier(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10)), PREPROCESSING, tuple("0123456789"))
    with pytest.raises(UsageError, match="has no one last layer"):
        next(embed_many(headless, PICTURES))
