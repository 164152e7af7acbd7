"""Training from trained weights. With a learning rate of 0 what comes out is exactly what went in."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.torch
import torch

import clearsight
from clearsight import models
from clearsight.base.compute.distributed import ProcessGroup
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.classifier import Classifier
from clearsight.images.preprocess import Preprocessing
from clearsight.recipes.compose import compose
from clearsight.training import api as module
from clearsight.training import loop
from clearsight.training.api import resume, train
from clearsight.training.interrupt import Interrupted
from clearsight.training.transfer import pretrained
from clearsight.training.transfer.pretrained import read
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=12)
STILL = {"lr": 0.0, "weight_decay": 0.0, "epochs": 1, "augment": "", "speed": "plain", "quiet": True}


def values(folder):
    return safetensors.torch.load_file(folder / "model.safetensors")


def lenet(path, classes=10, channels=1):
    """A file of torchvision's kind, and its network."""
    model = models.build("lenet5", classes, channels=channels, height=32, width=32, seed=7).eval()
    torch.save(model.state_dict(), path)
    return model


def artefact(folder, name="swift", classes=tuple("9876543210"), size=28):
    """A classifier's folder; the network has seen pictures, so that what it learns by looking is learnt."""
    model = models.build(name, len(classes), channels=1, height=size, width=size, seed=7)
    model.initialise(torch.randn(256, 1, size, size, generator=torch.Generator().manual_seed(0)))
    preprocessing = Preprocessing(channels=1, height=size, width=size, fit="pad", mean=(0.2,), std=(0.3,))
    clearsight.save(Classifier(model, preprocessing, classes, architecture=name), folder, [DATA[0][0][..., None]])
    return clearsight.load(folder)


def test_the_whole_network_its_head_and_its_preprocessing_are_kept(tmp_path):
    path = tmp_path / "lenet5.pth"
    model = lenet(path)
    trained = train(DATA, out=str(tmp_path / "run"), from_=f"torchvision:{path}", **STILL)
    found = values(trained.run)
    assert found.keys() == model.state_dict().keys() and all(torch.equal(value, found[key]) for key, value in model.state_dict().items())
    assert trained.classifier.preprocessing == models.preprocessing("lenet5")
    origin = {"trained_from": f"torchvision:{path}", "trained_from_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    facts = json.loads((trained.run / "config.json").read_text())["facts"]
    provenance = json.loads((trained.run / "run.json").read_text())["lineage"]
    assert origin.items() <= facts.items() and provenance.items() >= origin.items() and provenance["weights_licence"] == "not stated"
    assert f"- trained from: torchvision:{path}\n" in (trained.run / "README.md").read_text()
    recipe = (trained.run / "recipe.toml").read_text()
    assert f'\nfrom = "torchvision:{path}"' in recipe and '\nmodel = "lenet5"' in recipe and "\nsize = 32 " in recipe
    again = train(DATA, out=str(tmp_path / "again"), recipe=str(trained.run / "recipe.toml"), quiet=True)
    assert (again.run / "model.safetensors").read_bytes() == (trained.run / "model.safetensors").read_bytes()


def test_a_classifiers_head_is_joined_by_the_names_of_its_classes(tmp_path):
    before = artefact(tmp_path / "old")
    trained = train(DATA, out=str(tmp_path / "run"), **{"from": str(tmp_path / "old")}, momentum=0.0, optimizer="sgd", **STILL)
    assert trained.classifier.classes == tuple("0123456789") and trained.classifier.preprocessing == before.preprocessing
    ours, theirs = trained.classifier.model.head, before.model.head
    assert torch.equal(ours.weight, theirs.weight.flip(0))
    assert torch.equal(next(trained.classifier.model.parameters()), next(before.model.parameters()))  # whitened by other pictures
    digest = json.loads((tmp_path / "old" / "config.json").read_text())["weights"]["sha256"]
    assert trained.classifier.facts["trained_from_sha256"] == digest


def test_other_classes_need_a_new_head_which_the_seed_decides(tmp_path):
    path = tmp_path / "lenet5.pth"
    model, few = lenet(path), digit_arrays(per_class=12, classes=4)
    with pytest.raises(UsageError, match=r"tells apart 10 classes \(0, 1, 2, 3, …\), the data have 4 classes .*--resize-head"):
        train(few, out=str(tmp_path / "no"), from_=f"torchvision:{path}", **STILL)
    assert not (tmp_path / "no").exists()
    made = {
        name: values(train(few, out=str(tmp_path / name), from_=f"torchvision:{path}", resize_head=True, seed=seed, **STILL).run)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    }
    head = model.HEAD
    for name, found in made.items():
        assert found[f"{head}.weight"].shape == (4, 84), name
        assert all(torch.equal(value, found[key]) for key, value in model.state_dict().items() if not key.startswith(head))
    assert torch.equal(made["a"][f"{head}.weight"], made["b"][f"{head}.weight"])
    assert not torch.equal(made["a"][f"{head}.weight"], made["c"][f"{head}.weight"])
    torch.save({key: value for key, value in model.state_dict().items() if not key.startswith(head)}, tmp_path / "lenet5-notop.pth")
    bare = train(few, out=str(tmp_path / "bare"), from_=f"torchvision:{tmp_path / 'lenet5-notop.pth'}", resize_head=True, **STILL)
    assert torch.equal(values(bare.run)[f"{head}.weight"], made["a"][f"{head}.weight"])


def test_the_first_layer_follows_the_channels_and_it_is_said(tmp_path, capsys):
    model = lenet(tmp_path / "lenet5.pth", channels=3)
    trained = train(DATA, out=str(tmp_path / "run"), from_=f"torchvision:{tmp_path / 'lenet5.pth'}", **{**STILL, "quiet": False})
    assert "head kept; first layer adapted from 3 to 1 channels" in capsys.readouterr().err
    first = next(key for key, value in model.state_dict().items() if value.ndim == 4)
    assert torch.equal(values(trained.run)[first], model.state_dict()[first].sum(1, keepdim=True))
    assert clearsight.verify(trained.run).ok
    kept = train(DATA, out=str(tmp_path / "rgb"), from_=f"torchvision:{tmp_path / 'lenet5.pth'}", channels=3, **STILL)
    assert torch.equal(values(kept.run)[first], model.state_dict()[first])


def test_a_resumed_run_needs_no_origin_and_ends_the_same(tmp_path, monkeypatch):
    artefact(tmp_path / "old")
    settings = {"from_": str(tmp_path / "old"), "epochs": 2, "batch": 32, "speed": "plain", "seed": 3, "quiet": True}
    straight = train(DATA, out=str(tmp_path / "straight"), **settings)
    step = loop._step

    def stopped(*given):
        given[-1].asked = signal.SIGTERM
        return step(*given)

    def killed(*_):
        raise KeyboardInterrupt

    faults = (("a", loop, "_step", stopped, Interrupted), ("b", module, "run_to_end", killed, KeyboardInterrupt))
    for name, where, what, instead, error in faults:
        with monkeypatch.context() as patch:
            patch.setattr(where, what, instead)
            with pytest.raises(error):
                train(DATA, out=str(tmp_path / name), **settings)
    shutil.rmtree(tmp_path / "old")
    for name in "ab":
        ended = resume(tmp_path / name, data=DATA, quiet=True)
        assert (ended.run / "model.safetensors").read_bytes() == (straight.run / "model.safetensors").read_bytes()
        assert ended.classifier.facts["trained_from"] == str(tmp_path / "old")
    for path in (tmp_path / "b" / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(ClearsightError, match="no whole checkpoint"):  # never from random weights instead
        resume(tmp_path / "b", data=DATA, quiet=True)


@pytest.mark.slow
def test_two_processes_start_from_the_same_weights(tmp_path):
    model = lenet(tmp_path / "lenet5.pth")
    np.savez(tmp_path / "digits.npz", x=DATA[0], y=DATA[1])
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "clearsight"]
    words = [
        "train",
        str(tmp_path / "digits.npz"),
        "--from",
        f"torchvision:{tmp_path / 'lenet5.pth'}",
        "--lr",
        "0",
        "--weight-decay",
        "0",
        "--epochs",
        "1",
    ]
    more = ["--speed", "plain", "--out", str(tmp_path / "two"), "--augment", "", "-q"]
    done = subprocess.run([*command, *words, *more], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert all(torch.equal(value, values(tmp_path / "two")[key]) for key, value in model.state_dict().items())


def test_processes_that_read_other_weights_do_not_train(tmp_path, monkeypatch):
    lenet(tmp_path / "lenet5.pth")
    monkeypatch.setattr(ProcessGroup, "broadcast", lambda group, number: number + 1)  # what the first process says
    with pytest.raises(ClearsightError, match="reads other weights"):
        read(compose({"from": f"torchvision:{tmp_path / 'lenet5.pth'}"}), ProcessGroup(1, 2))


def test_another_size_only_where_the_layers_stay_the_same(tmp_path):
    model = models.build("resnet18", 3, seed=1)
    torch.save(model.state_dict(), tmp_path / "resnet18.pth")
    recipe = compose({"from": f"torchvision:{tmp_path / 'resnet18.pth'}", "model": "resnet18", "size": 100, "channels": 3, "fit": "pad"})
    start = read(recipe, ProcessGroup())
    assert start.values(recipe, ("0", "1", "2")).keys() == model.state_dict().keys()
    prepared = start.prepared(recipe)
    assert (prepared.height, prepared.fit, prepared.crop_fraction) == (100, "pad", 1.0)
    assert prepared.mean == models.preprocessing("resnet18").mean
    small = compose({"from": recipe.from_, "model": "resnet18", "size": 64, "channels": 3})
    with pytest.raises(UsageError, match=r"trained on 224×224 px, and at 64×64 px resnet18 has another conv1.weight.*Leave out --size"):
        start.values(small, ("0", "1", "2"))


@pytest.mark.parametrize(("rank", "order"), [(0, ["read", 0, "number"]), (1, [0, "read", "number"])])
def test_the_first_process_reads_first(rank, order, monkeypatch):
    """The others wait for its word, since it may download what they then find."""
    told, number = [], int("ab" * 7 + "a", 16)
    group = SimpleNamespace(is_main=rank == 0, rank=rank, broadcast=lambda given: told.append(given) or given)
    monkeypatch.setattr(pretrained, "_opened", lambda recipe: told.append("read") or SimpleNamespace(digest="ab" * 32))
    read(SimpleNamespace(from_="x"), group)
    assert told == [number if one == "number" else one for one in order]
