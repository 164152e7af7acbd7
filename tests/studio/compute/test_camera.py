"""Classes by camera: pictures are stored as a folder per class, and a head on their features answers."""

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import UnreadableImage, UsageError
from clearsight.datasets.open import open_dataset
from clearsight.studio.compute.camera import Camera, camera, camera_add, camera_answer, camera_undo, named
from clearsight.studio.compute.session import Session


@pytest.fixture
def frames(tmp_path):
    """Files of two kinds of pictures: stripes across and stripes down, with noise."""
    rng, files = np.random.default_rng(0), {"across": [], "down": []}
    for k in range(8):
        stripes = np.broadcast_to(255 * (np.arange(64) // 8 % 2), (64, 64))
        for label, one in (("down", stripes), ("across", stripes.T)):
            noisy = np.clip(one + rng.normal(0, 20, (64, 64)), 0, 255).astype(np.uint8)
            file = tmp_path / f"{label}{k}.png"
            Image.fromarray(np.stack([noisy] * 3, 2)).save(file)
            files[label].append(str(file))
    return files


@pytest.mark.parametrize("words", ["", "lenet5"])
def test_a_class_by_camera(frames, tmp_path, words):
    session, folder = Session(), tmp_path / "runs" / "camera-toys"
    given = {"folder": str(folder), "words": words}
    assert camera(session, **given) == {"classes": [], "left": 0, "taken": 0}
    assert camera_answer(session, **given, file=frames["down"][7])["top"] == []
    for k in range(5):
        for label in frames:
            told = camera_add(session, **given, file=frames[label][k], label=f" {label} ")
    assert told["classes"] == [{"label": "across", "pictures": 5}, {"label": "down", "pictures": 5}]
    data = open_dataset(folder)["all"]
    assert data.names.tolist() == [f"{label}/{k:05}.png" for label in ("across", "down") for k in range(1, 6)]
    with Image.open(folder / "down" / "00001.png") as stored, Image.open(frames["down"][0]) as given_one:
        assert np.array_equal(np.asarray(stored), np.asarray(given_one))
    for label in frames:
        top = camera_answer(session, **given, file=frames[label][7])["top"]
        assert top[0]["label"] == label and sum(one["confidence"] for one in top) == pytest.approx(1)
    again = Camera(Session(), folder, words)  # after a restart nothing is lost
    again.step(60)
    assert not again.left and [one["label"] for one in again.answer(frames["down"][6])] == ["down", "across"]
    assert camera_undo(session, **given, count=3)["taken"] == 7 and len(list(folder.glob("*/*.png"))) == 7
    assert camera_undo(session, **given, count=99)["classes"] == [] and list(folder.iterdir()) == []


def test_what_is_no_class_or_no_picture_is_refused_and_nothing_is_stored(frames, tmp_path):
    session, given = Session(), {"folder": str(tmp_path / "set"), "words": ""}
    for label in ("", "..", "a/b", "a\\b", ".a", "a.", "train", "Val", "x" * 51, "a\0b", "con\n1", "<img>"):
        with pytest.raises(UsageError, match="name of a class"):
            camera_add(session, **given, file=frames["down"][0], label=label)
    (tmp_path / "bad.png").write_bytes(b"hello")
    with pytest.raises(UnreadableImage):
        camera_add(session, **given, file=str(tmp_path / "bad.png"), label="a")
    assert not (tmp_path / "set").exists()
    assert named("Grün 2.1_a-b") == "Grün 2.1_a-b"
