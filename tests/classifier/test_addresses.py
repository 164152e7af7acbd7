"""Classifiers at addresses: saved, loaded and verified as from a folder; only the files of an artefact are read."""

import numpy as np
import pytest

from clearsight import models
from clearsight.base.errors import CorruptFile, UsageError
from clearsight.base.remote import store
from clearsight.classifier import Classifier, load, save, verify
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
