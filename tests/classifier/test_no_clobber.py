"""An artefact never takes the place of somebody's own files."""

import pytest

from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier, load, save
from clearsight.images.preprocess import Preprocessing
from clearsight.models import build


@pytest.fixture
def classifier():
    model = build("pixels", 2, channels=1, height=8, width=8)
    return Classifier(model, Preprocessing(1, 8, 8, mean=(0.0,), std=(1.0,)), ("a", "b"), architecture="pixels")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README.md", "# My project\n"),
        ("README.md", ""),
        ("config.json", '{"model_type": "bert"}'),
        ("model.safetensors", "weights of others"),
    ],
)
def test_somebodys_own_files_stay(classifier, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=f"{name} (is|belongs) .*overwritten.*folder of its own"):
        save(classifier, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_text() == content


def test_an_artefact_is_saved_over_an_artefact(classifier, tmp_path):
    save(classifier, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    classifier.facts["data"] = "more"
    save(classifier, tmp_path)
    (tmp_path / "config.json").unlink()  # a save that was killed before its last file
    save(classifier, tmp_path)
    assert load(tmp_path).facts["data"] == "more" and (tmp_path / "notes.txt").read_text() == "mine"
