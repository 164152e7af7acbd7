"""Models: checked before they are served, and replaced only by what is good."""

import asyncio
import json
import shutil

import pytest

from clearsight.base.errors import ClearsightError, CorruptFile, UsageError
from clearsight.classifier.config import CONFIG, config_digest
from clearsight.serving.engine import models
from clearsight.serving.engine.models import Road, named, opened

from ..conftest import CLASSIFY, on, picture, png


def spoilt(folder):
    """Golden probabilities that no classifier gives."""
    config = json.loads((folder / CONFIG).read_text())
    config["golden"][0]["probabilities"] = [0.0, 0.0, 1.0]
    config.pop("sha256")
    (folder / CONFIG).write_text(json.dumps(config | {"sha256": config_digest(config)}))


def test_golden_samples_decide(pets):
    assert opened(str(pets), Road()).golden == 3
    spoilt(pets)
    with pytest.raises(ClearsightError, match=r"is not served: \d of 3 golden samples"):
        opened(str(pets), Road())


def test_what_is_damaged_or_missing_is_not_served(pets, tmp_path):
    weights = pets / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(CorruptFile):
        opened(str(pets), Road())
    with pytest.raises(ClearsightError):
        opened(str(tmp_path / "none"), Road())


def test_names():
    assert named(["runs/pets", "cats=runs/pets", "a/b c.onnx", "package:lite0", "runs/x/export/model.onnx"]) == {
        "pets": "runs/pets", "cats": "runs/pets", "b-c": "a/b c.onnx", "lite0": "package:lite0",
        "x": "runs/x/export/model.onnx",
    }  # fmt: skip
    with pytest.raises(UsageError, match="two models are called pets: name one of them"):
        named(["a/pets", "b/pets"])


def test_a_new_model_takes_over_and_a_bad_one_does_not(artefacts, pets, monkeypatch, caplog):
    monkeypatch.setattr(models, "LOOK_SECONDS", 0.01)

    async def until(here, result):
        while f'clearsight_model_swaps_total{{model="pets",result="{result}"}} 1.0' not in (await here.client.get("/metrics")).text:
            await asyncio.sleep(0.01)

    async def scenario(here):
        before = here.first.loaded.classifier.weights_digest
        spoilt(pets)
        await until(here, "failed")
        assert here.first.loaded.classifier.weights_digest == before
        assert (await here.client.post(CLASSIFY, content=png(picture(0)))).status_code == 200
        shutil.copytree(artefacts / "others", pets, dirs_exist_ok=True)
        await until(here, "done")
        (told,) = (await here.client.get("/v1/models")).json()["models"]
        return before, told["model"], (await here.client.post(CLASSIFY, content=png(picture(0)))).status_code

    before, after, status = on(scenario, pets)
    assert before != after and status == 200
    assert "the new model is not used, the old one" in caplog.text and "replaced" in caplog.text
