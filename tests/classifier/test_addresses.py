"""Classifiers at addresses: saved, loaded and verified as from a folder; only the files of an artefact are read."""

import numpy as np
import pytest

from clearsight import models
from clearsight.base.errors import CorruptFile, UsageError
from clearsight.base.remote import store
from clearsight.classifier import Classifier, addresses, load, save, verify
from clearsight.classifier.addresses import fetched
from clearsight.images.preprocess import Preprocessing


def test_a_classifier_at_an_address(s3):
    picture = np.arange(20, dtype=np.uint8).reshape(4, 5, 1)
    made = Classifier(models.build("pixels", 2, channels=1, height=4, width=5), Preprocessing(1, 4, 5), ("a", "b"), architecture="pixels")
    address = f"{s3.folder}/runs/pets"
    save(made, address, [picture])
    store.write(f"{address}/checkpoints/last.safetensors", b"not read")
    found = load(address)
    assert (
        found.classify(picture[..., 0]).confidence == made.classify(picture[..., 0]).confidence
        and found.weights_digest == made.weights_digest
    )
    assert verify(address).ok and not (fetched(address) / "checkpoints").exists()
    sent = s3.sent
    load(address)
    assert s3.sent - sent < 4000, "a listing: the files are in the cache"
    made.model.head.bias.data += 1
    save(made, address, [picture])
    assert load(address).weights_digest == made.weights_digest != found.weights_digest, "of the version that is there now"
    store.write(f"{address}/model.safetensors", b"damaged")
    with pytest.raises(CorruptFile):
        load(address)


def test_no_classifier_at_an_address(s3):
    with pytest.raises(UsageError, match=r"there is no classifier at s3://.*/none: no file is there"):
        load(f"{s3.folder}/none")
    store.write(f"{s3.folder}/other/notes.txt", b"x")
    with pytest.raises(UsageError, match=r"a run folder has config.json"):
        load(f"{s3.folder}/other")


@pytest.fixture
def there(monkeypatch, tmp_path):
    """A store in memory: the contents of files by address, each of which is its own version."""
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    kept: dict[str, bytes] = {}

    def listing(address):
        found = [store.RemoteFile(name, len(data), data.hex()) for name, data in kept.items() if name.startswith(address)]
        if not found:
            raise store.MissingFile("gone")
        return found

    monkeypatch.setattr(addresses, "listing", listing)
    monkeypatch.setattr(addresses, "read_all", lambda address: kept[address])
    monkeypatch.setattr(addresses, "write", lambda address, data: kept.update({address: data}))
    return kept


def test_only_the_files_of_an_artefact_are_fetched(there):
    files = {"config.json": b"{}", "model.safetensors": b"w", "golden/0.png": b"p", "checkpoints/1.checkpoint": b"c", "notes.txt": b"n"}
    there.update({f"s3://b/runs/pets/{name}": data for name, data in files.items()})
    folder = fetched("s3://b/runs/pets/")
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {name: files[name] for name in ("config.json", "model.safetensors", "golden/0.png")}
    assert fetched("s3://b/runs/pets") == folder
    there["s3://b/runs/pets/config.json"] = b"[]"
    assert (fetched("s3://b/runs/pets") / "config.json").read_bytes() == b"[]" and (folder / "config.json").read_bytes() == b"{}"


def test_files_that_are_replaced_while_they_are_read_are_not_mixed(there, monkeypatch):
    address = "s3://b/runs/pets"
    there.update({f"{address}/config.json": b"{}", f"{address}/model.safetensors": b"old", f"{address}/split.csv": b"old"})
    read, later = addresses.read_all, [b"newest", b"newer"]

    def meanwhile(name):
        found = read(name)
        if name.endswith("config.json") and later:
            there.update({f"{address}/{one}": later[-1] for one in ("model.safetensors", "split.csv")})
            later.pop()
        return found

    monkeypatch.setattr(addresses, "read_all", meanwhile)
    folder = fetched(address)
    assert not later and {(folder / one).read_bytes() for one in ("model.safetensors", "split.csv")} == {b"newest"}
    assert len(list(folder.parent.iterdir())) == 1
    later[:] = [bytes([k]) for k in range(9)]
    there[f"{address}/config.json"] = b"{} "
    with pytest.raises(store.StoreError, match="was written each of the 3 times"):
        fetched(address)
    assert len(list(folder.parent.iterdir())) == 1


def test_an_exported_file_is_fetched_alone(there):
    there["s3://b/pets.onnx"] = b"graph"
    found = fetched("s3://b/pets.onnx")
    assert (found.name, found.read_bytes()) == ("pets.onnx", b"graph")


def test_where_there_is_no_classifier(there):
    with pytest.raises(UsageError, match=r"no classifier at s3://b/none: no file is there"):
        fetched("s3://b/none")
    there.update({"s3://b/other/notes.txt": b"x", "s3://b/other/model.safetensors": b"w"})
    with pytest.raises(UsageError, match=r"a run folder has config\.json"):
        fetched("s3://b/other")


def test_the_file_that_names_the_others_is_written_last(there, tmp_path):
    for name in ("config.json", "model.safetensors", "README.md", "golden/1.png", "golden/0.png", "results.csv"):
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_bytes(name.encode())
    addresses.put(tmp_path / "run", "s3://b/pets")
    written = ["model.safetensors", "golden/0.png", "golden/1.png", "README.md", "config.json"]
    assert list(there.items()) == [(f"s3://b/pets/{name}", name.encode()) for name in written]
