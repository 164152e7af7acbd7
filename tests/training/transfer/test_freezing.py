"""Tuning a trained network: what moves, by how much, and what stays exactly as it was."""

import dataclasses
import json

import pytest
import torch

import clearsight
from clearsight import models, weights
from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier
from clearsight.images.preprocess import Preprocessing
from clearsight.recipes.compose import compose
from clearsight.training import loop, session
from clearsight.training.api import resume, train
from clearsight.training.context import TrainingContext
from clearsight.training.interrupt import Interrupted
from clearsight.training.optim.optimizer import SGD, make_optimizer
from clearsight.training.storage import checkpoint
from clearsight.training.transfer import freezing, linear_probe
from clearsight.training.validation import soup
from tests.pictures import digit_arrays
from tests.training.test_session import columns, sigterm, stop_after
from tests.training.test_session import weights as saved

DATA = digit_arrays(per_class=24)
NETWORK = "conv8 bn relu pool conv12 bn relu pool conv16 bn relu globalpool softmax"
SETTINGS = {
    "epochs": 3,
    "batch": 32,
    "speed": "channels-last",
    "seed": 3,
    "augment": "crop:1",
    "lr": 0.01,
    "resize_head": True,
    "quiet": True,
}
STEPS = 6  # 172 training pictures in batches of at most 32


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """The folder of a network whose batch norms have seen pictures."""
    return str(train(DATA, out=str(tmp_path_factory.mktemp("start") / "run"), model=NETWORK, size=28, epochs=2, lr=0.01, quiet=True).run)


def state(folder):
    return clearsight.load(folder).model.state_dict()


def network():
    return weights.build(NETWORK, 10, channels=1, height=28, width=28, seed=0)


def test_depths_count_from_the_head_and_norms_go_with_their_convolutions():
    model = models.build("resnet18", 3, seed=0)
    found = freezing.depths(model)
    told = {"fc.bias": 0, "layer4.1.conv2.weight": 1, "layer1.0.bn1.running_mean": 4, "bn1.weight": 5, "conv1.weight": 5}
    assert {name: found[name] for name in told} == told
    assert set(found) == set(model.state_dict())


@pytest.mark.parametrize("name", ["convnet", "vgg11_bn", "googlenet", "mobilenet_v3_small", "vit_b_32", "swift", "densenet121", "lenet5"])
def test_every_network_has_depths_without_a_gap(name):
    with torch.device("meta"):
        model = models.build(name, 3)
    found = freezing.depths(model)
    assert set(found.values()) == set(range(max(found.values()) + 1)) and max(found.values()) > 1
    assert found[f"{model.HEAD}.weight"] == 0
    assert found[next(iter(found))] == max(found.values())


def test_a_network_that_names_no_stages_is_taken_by_its_parts():
    class Wrapped(models.base.Model):
        HEAD = "net.2"

        def __init__(self):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))

    found = freezing.depths(Wrapped())
    assert [found[f"net.{i}.weight"] for i in range(3)] == [2, 1, 0]


def test_the_rate_falls_by_layer_decay_from_stage_to_stage():
    model, recipe = network(), dataclasses.replace(compose({}), layer_decay=0.5, lr=1.0)
    optimizer = make_optimizer(model, name="sgd", lr=1.0, momentum=0.0, weight_decay=0.0)
    count = len(optimizer.parameters)
    freezing.regroup(optimizer, model, recipe)
    depth, scales = freezing.depths(model), {}
    for group in optimizer.param_groups:
        group["lr"] = recipe.lr * group["lr_scale"]  # as a step does
        scales |= {id(p): group["lr_scale"] for p in group["params"]}
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    assert len(optimizer.parameters) == count
    for name, p in model.named_parameters():
        torch.testing.assert_close(before[name] - p, torch.full_like(p, 0.5 ** depth[name]))
    assert sorted(set(scales.values())) == [0.125, 0.25, 0.5, 1.0]


def test_a_rate_that_a_network_has_of_its_own_is_multiplied():
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    optimizer = make_optimizer(model, name="muon", lr=1.0, momentum=0.6, weight_decay=0.0)
    freezing.regroup(optimizer, model, dataclasses.replace(compose({}), layer_decay=0.5))
    scales = {id(p): group.get("lr_scale", 1.0) for group in optimizer.param_groups for p in group["params"]}
    assert scales[id(model.fc.weight)] == 10 and scales[id(model.group3.bn1.bias)] == 10 and scales[id(model.group2.conv1.weight)] == 0.25


def test_the_pull_is_the_gradient_of_l2sp():
    model = network()
    first = freezing.reference_weights(
        model, {name: value for name, value in model.state_dict().items() if not name.startswith(model.HEAD)}
    )
    assert not any(name.startswith(model.HEAD) for name in first) and not any("running" in name for name in first)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p))
    penalty = 0.3 / 2 * sum((p - first[name]).square().sum() for name, p in model.named_parameters() if name in first)
    wanted = dict(zip(first, torch.autograd.grad(penalty, [model.get_parameter(name) for name in first]), strict=True))
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    freezing.Freezing(dataclasses.replace(compose({}), l2sp=0.3)).add_l2sp_grad(checkpoint.State(model, SGD([]), start=first))
    for name, p in model.named_parameters():
        torch.testing.assert_close(p.grad, 1 + wanted.get(name, torch.zeros_like(p)))


def test_with_l2sp_only_a_new_head_is_decayed():
    model = network()
    recipe = dataclasses.replace(compose({}), model=NETWORK, channels=1, size=28, l2sp=0.1, resize_head=True)
    optimizer = make_optimizer(model, name="sgd", lr=1.0, momentum=0.0, weight_decay=0.01)
    freezing.regroup(optimizer, model, recipe)
    assert [p for g in optimizer.param_groups if g["weight_decay"] for p in g["params"]] == [model.head.weight]


def test_a_strong_pull_leaves_the_weights_near_where_they_were(start, tmp_path):
    moved, settings = {}, SETTINGS | {"lr": 0.05, "schedule": "constant", "warmup": 0.0, "momentum": 0.0, "layer_decay": 1.0, "epochs": 4}
    before = state(start)
    for l2sp in (0.0, 20.0):
        run = train(DATA, out=str(tmp_path / f"{l2sp}"), from_=start, tune="all", l2sp=l2sp, **settings).run
        tensors, _ = checkpoint.read(checkpoint.checkpoints(run / "checkpoints")[0])
        body = [name for name in before if before[name].ndim == 4]
        moved[l2sp] = sum(float((tensors[f"model/{name}"] - before[name]).square().sum()) for name in body) ** 0.5
    assert 0 < moved[20.0] < moved[0.0] / 2


@pytest.mark.parametrize("speed", ["plain", "bf16"])
def test_frozen_batch_norm_keeps_its_statistics_and_learns_scale_and_shift(speed, start, tmp_path):
    settings = SETTINGS | {"speed": speed, "epochs": 1}
    frozen = state(train(DATA, out=str(tmp_path / "frozen"), from_=start, tune="all", **settings).run)
    free = state(train(DATA, out=str(tmp_path / "free"), from_=start, tune="all", batchnorm="train", **settings).run)
    before = state(start)
    statistics = [name for name in before if "running" in name]
    assert statistics and all(torch.equal(before[name], frozen[name]) for name in statistics)
    assert not any(torch.equal(before[name], free[name]) for name in statistics)
    scale = statistics[0].replace("running_mean", "weight")
    assert not torch.equal(before[scale], frozen[scale])


@pytest.mark.parametrize("speed", ["plain", "bf16"])
def test_gradual_thawing_begins_at_the_head(speed, start, tmp_path, monkeypatch):
    seen, close = [], loop.close_epoch

    def closed(context, facts):
        seen.append({name: value.clone() for name, value in context.state.model.state_dict().items()})
        close(context, facts)

    monkeypatch.setattr(loop, "close_epoch", closed)
    train(DATA, out=str(tmp_path / "run"), from_=start, tune="gradual", **SETTINGS | {"epochs": 6, "speed": speed, "batchnorm": "train"})
    before, depth = state(start), freezing.depths(clearsight.load(start).model)
    for epoch, after in enumerate(seen):
        below = [name for name in before if depth[name] > epoch]
        learning = [name for name in before if name.endswith("weight") and 0 < depth[name] <= epoch]
        assert all(torch.equal(before[name], after[name]) for name in below)  # statistics of batch norm among them
        assert not any(torch.equal(before[name], after[name]) for name in learning)
    assert max(depth.values()) == 3


def test_what_does_not_learn_is_not_computed_backward(start, tmp_path, monkeypatch):
    graphs, step = [], loop._step

    def looked(*given):
        found = step(*given)
        graphs.append({name for name, p in given[0].state.model.named_parameters() if p.grad is not None})
        return found

    monkeypatch.setattr(loop, "_step", looked)
    train(DATA, out=str(tmp_path / "run"), from_=start, tune="gradual", **SETTINGS | {"epochs": 2})
    assert {name.rpartition(".")[2] for name in graphs[0]} == {"weight", "bias"} and len(graphs[0]) == 2
    assert len(graphs[-1]) == len(list(clearsight.load(start).model.parameters()))


def test_all_stages_learn_from_half_of_the_run_on():
    recipe = dataclasses.replace(compose({}), tune="gradual", epochs=6)
    assert [freezing.learning(recipe, epoch, 3) for epoch in range(6)] == [0, 1, 2, 3, 3, 3]
    assert [freezing.learning(recipe, epoch, 20) for epoch in range(4)] == [0, 6, 13, 20]
    assert [freezing.learning(dataclasses.replace(recipe, tune="all"), epoch, 3) for epoch in range(2)] == [3, 3]


def test_the_soup_is_the_mean_of_the_last_epochs(start, tmp_path, monkeypatch, capsys):
    seen, close, tasted = [], loop.close_epoch, []

    def closed(context, facts):
        seen.append({name: value.clone() for name, value in context.state.model.state_dict().items()})
        close(context, facts)

    select = loop.select_soup
    monkeypatch.setattr(loop, "close_epoch", closed)
    monkeypatch.setattr(loop, "select_soup", lambda context, stop: (tasted.append(context.state.soup), select(context, stop)))
    settings = SETTINGS | {"epochs": 4, "quiet": False}
    trained = train(DATA, out=str(tmp_path / "run"), from_=start, tune="all", soup=3, batchnorm="train", **settings)
    for name, value in tasted[0].items():
        if value.is_floating_point():
            torch.testing.assert_close(value, torch.stack([row[name] for row in seen[1:]]).mean(0))
    facts = json.loads((trained.run / "config.json").read_text())["facts"]
    said = capsys.readouterr().err
    assert "soup of the last 3 epochs: validation accuracy" in said
    kept = "the soup is kept" in said
    assert facts.get("soup", 0) == 3 * kept
    assert all(torch.equal(value, state(trained.run)[name]) for name, value in tasted[0].items()) == kept


@pytest.mark.parametrize(("accuracy", "kept"), [(0.5, 3), (0.51, 0)])
def test_the_soup_is_kept_when_it_is_no_worse(accuracy, kept, monkeypatch):
    own, other = {"w": torch.zeros(1)}, {"w": torch.ones(1)}
    counters = checkpoint.Counters(best=accuracy, best_epoch=1)
    holder = checkpoint.State(torch.nn.Identity(), SGD([]), kept=own, soup=other, counters=counters)
    pictures = type("Pictures", (), {"labels": torch.tensor([0, 1]).repeat(50)})()
    given = dict.fromkeys(("splits", "preprocessing", "speed", "device", "group"))
    more = {"recipe": compose({"soup": 3}), "state": holder, "train": pictures, "val": pictures, "ops": (), "class_weights": torch.ones(2)}
    context = TrainingContext(**given, **more, log=lambda line: None)
    monkeypatch.setattr(soup, "validate", lambda context, weights, stop: torch.tensor([[1.0, 0.0]]).repeat(100, 1))
    soup.select_soup(context, None)
    assert (counters.souped, holder.kept) == ((kept, other) if kept else (0, own))


KINDS = {
    "head-then-all": {"tune": "head-then-all", "l2sp": 0.1, "soup": 2, "layer_decay": 0.5, "lr": 1e-3},
    "gradual": {"tune": "gradual", "soup": 2, "epochs": 4, "batchnorm": "train", "weight_decay": 1e-3},
    "all": {"tune": "all", "ema": 0.9, "l2sp": 0.01, "optimizer": "adamw", "layer_decay": 0.7},
    "gradual, bf16": {"tune": "gradual", "speed": "bf16", "l2sp": 0.1},
    "head-then-all, bf16": {"tune": "head-then-all", "speed": "bf16 channels-last", "soup": 3, "lr": 1e-3},
}


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_anywhere_it_ends_the_same(kind, start, tmp_path, monkeypatch):
    settings = SETTINGS | {"from_": start} | KINDS[kind]
    straight, run = train(DATA, out=str(tmp_path / "straight"), **settings), tmp_path / "stopped"
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Interrupted, match="--resume"):
            train(DATA, out=str(run), **settings)
    for steps in (STEPS - 2, 3, STEPS):  # the last step of an epoch, then the middle of one, then of another
        with monkeypatch.context() as patch:
            stop_after(patch, steps)
            with pytest.raises(Interrupted):
                resume(run, data=DATA, quiet=True)
    resume(run, data=DATA, quiet=True)
    assert saved(run) == saved(straight.run)
    assert columns(run) == columns(straight.run)


def test_stopped_while_the_head_is_solved_it_ends_the_same(start, tmp_path, monkeypatch):
    settings = SETTINGS | {"from_": start, "tune": "head-then-all", "epochs": 1}
    data = digit_arrays(per_class=40)  # 32 validation pictures, which may choose a strength: several are solved
    straight = train(data, out=str(tmp_path / "straight"), **settings)
    solve, count = linear_probe.solve, [0]

    def stopped(*given):
        count[0] += 1
        if count[0] == 2:
            sigterm()
        given[-1]()
        return solve(*given)

    def killed(*_):
        raise KeyboardInterrupt

    for name, where, what, instead, error in (
        ("a", linear_probe, "solve", stopped, Interrupted),
        ("b", session, "fit", killed, KeyboardInterrupt),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, what, instead)
            with pytest.raises(error):
                train(data, out=str(tmp_path / name), **settings)
        resume(tmp_path / name, data=data, quiet=True)
        assert saved(tmp_path / name) == saved(straight.run)


def test_the_head_comes_first_and_is_kept_until_an_epoch_is_better(start, tmp_path, capsys):
    settings = SETTINGS | {"from_": start, "epochs": 1, "speed": "plain", "augment": ""}
    head = train(DATA, out=str(tmp_path / "head"), from_=start, tune="head", seed=3, speed="plain", quiet=True)
    both = train(DATA, out=str(tmp_path / "both"), tune="head-then-all", **settings | {"lr": 0.3, "clip": 1.0, "quiet": False})  # ruins it
    first = (both.run / "results.csv").read_text().splitlines()[1].split(",")
    assert first[0] == "0"  # the row of the solved head
    assert "head solved in" in (said := capsys.readouterr().err) and "epoch 0, the solved head, kept" in said
    assert "1 epoch of the network follow, about " in said and "solved head  loss " in said
    assert saved(both.run) == saved(head.run)


def test_tune_head_is_the_solved_recipe(start, tmp_path):
    recipe = compose({"from": start, "tune": "head"})
    assert (recipe.optimizer, recipe.recipe) == ("lbfgs", "solved")
    tuned = train(DATA, out=str(tmp_path / "tuned"), from_=start, tune="head", seed=3, quiet=True)
    solved = train(DATA, out=str(tmp_path / "solved"), from_=start, recipe="solved", seed=3, quiet=True)
    assert saved(tuned.run) == saved(solved.run) and columns(tuned.run) == columns(solved.run)


@pytest.mark.parametrize("tune", ["head", "head-then-all", "gradual", "all"])
def test_a_network_pretrained_without_labels_is_tuned(tune, tmp_path):
    model = network()
    for norm in (part for part in model.modules() if isinstance(part, torch.nn.BatchNorm2d)):
        norm.running_mean.normal_(0, 0.1)
    preprocessing = Preprocessing(channels=1, height=28, width=28, mean=(0.2,), std=(0.3,))
    facts = {"pretrained": "simclr"}
    clearsight.save(
        Classifier(model, preprocessing, tuple("abcdefghij"), architecture=NETWORK, facts=facts), tmp_path / "pre", [DATA[0][0][..., None]]
    )
    trained = train(DATA, out=str(tmp_path / "run"), from_=str(tmp_path / "pre"), tune=tune, epochs=2, quiet=True)
    assert trained.classifier.classes == tuple("0123456789")
    assert "\nresize_head = true" in (trained.run / "recipe.toml").read_text()


def test_other_classes_get_a_new_head_unasked(start, tmp_path, capsys):
    pictures, labels = DATA
    few = labels < 4
    trained = train((pictures[few], labels[few]), out=str(tmp_path / "run"), from_=start, tune="all", epochs=1, speed="plain")
    assert trained.classifier.model.head.out_features == 4 and "new head for 4 classes" in capsys.readouterr().err
    same = train(DATA, out=str(tmp_path / "same"), from_=start, tune="all", epochs=1, speed="plain")
    assert same.classifier.classes == tuple("0123456789") and "head kept" in capsys.readouterr().err


def test_photographs_get_fewer_epochs():
    assert freezing.settings(120, {"tune": "head-then-all"}, photographs=True)["epochs"] == 10
    assert freezing.settings(120, {"tune": "all"}, photographs=True)["epochs"] == 30
    assert freezing.settings(120, {"tune": "all"})["epochs"] == 100


@pytest.mark.parametrize(
    ("pictures", "given", "photographs", "expected"),
    [
        (64, {}, False, (32, 100, 0.01, "", 0.7)),  # no more than 100 epochs
        (320, {}, False, (32, 50, 0.01, "", 0.7)),
        (321, {}, False, (32, 46, 0.01, "", 0.7)),
        (1_999, {}, False, (32, 8, 0.01, "", 0.7)),
        (2_000, {}, False, (64, 32, 0.02, "", 0.7)),
        (19_999, {}, False, (64, 4, 0.02, "", 0.7)),
        (20_000, {}, False, (128, 32, 0.04, "mixup:0.1", 0.9)),
        (320, {"batch": 512, "mix": "cutmix"}, False, (512, 100, 0.16, "cutmix", 0.7)),
        (320, {}, True, (32, 30, 0.01, "", 0.7)),
        (320, {"tune": "head-then-all"}, True, (32, 10, 0.01, "", 0.7)),
    ],
)
def test_the_rule_by_the_size_of_the_set(pictures, given, photographs, expected):
    found = freezing.settings(pictures, given, photographs=photographs)
    assert tuple(found[name] for name in ("batch", "epochs", "lr", "mix", "layer_decay")) == expected


def test_the_size_of_the_set_chooses_the_recipe_and_it_is_said(start, tmp_path, capsys):
    few = digit_arrays(per_class=6)
    trained = train(few, out=str(tmp_path / "run"), from_=start, resize_head=True, tune="all", epochs=2)
    n = trained.classifier.facts["training_pictures"]
    assert f"tuned by the rule for a small set ({n} pictures): 2 epochs of sgd, batch 32" in capsys.readouterr().err
    assert freezing.settings(n, {"lr": 1.0}) == {"lr": 1.0, "batch": 32, "epochs": 100, "mix": "", "layer_decay": 0.7}
    assert freezing.settings(1_000, {})["epochs"] == 16  # 500 steps, 32 an epoch
    assert freezing.settings(6_400, {"batch": 128})["lr"] == pytest.approx(0.04)
    assert [freezing.rule(n).mix for n in (100, 19_999, 20_000, 10**7)] == ["", "", "mixup:0.1", "mixup:0.1"]
    train(few, out=str(tmp_path / "named"), from_=start, resize_head=True, tune="all", epochs=1, recipe="quick")
    assert "tuned by the rule" not in capsys.readouterr().err


@pytest.mark.parametrize(("given", "said"), [
    ({"tune": "all"}, "say with --from which trained weights are meant by --tune 'all'"),
    ({"layer_decay": 0.5}, "--layer-decay 0.5"),
    ({"l2sp": 0.1}, "--l2sp 0.1"),
    ({"batchnorm": "frozen"}, "--batchnorm 'frozen'"),
    ({"from": "x", "tune": "head", "augment": "flip"}, "--tune head computes the features of a picture once: leave out --augment 'flip'"),
    ({"from": "x", "tune": "head", "mix": "mixup"}, "--mix 'mixup'"),
    ({"from": "x", "tune": "head", "perturb": "pgd"}, "--perturb 'pgd'"),
    ({"from": "x", "tune": "head", "optimizer": "sgd"}, "--tune head solves the head .* says sgd"),
    ({"from": "x", "tune": "head", "layer_decay": 0.5}, "solves the head and leaves the rest as it is: leave out --layer-decay"),
    ({"from": "x", "tune": "head", "l2sp": 0.5}, "--l2sp"),
    ({"from": "x", "tune": "head", "soup": 2}, "--soup"),
    ({"from": "x", "tune": "head", "batchnorm": "train"}, "--batchnorm"),
    ({"from": "x", "tune": "all", "optimizer": "lbfgs"}, "that is --tune head"),
    ({"from": "x", "tune": "gradual", "epochs": 1}, "takes --epochs 2 or more"),
    ({"soup": 2, "patience": 3}, "--soup .* --patience 3"),
    ({"soup": 2, "perturb": "pgd"}, "--soup .* --perturb 'pgd'"),
    ({"tune": "tail"}, "value of tune"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(given, said):
    with pytest.raises(UsageError, match=said):
        compose(given)


def test_the_head_is_solved_in_one_process():
    group = type("ProcessGroup", (), {"world": 2})()
    with pytest.raises(UsageError, match="--tune head-then-all solves the head in one process"):
        linear_probe.solve_first(type("TrainingContext", (), {"group": group})(), None, None)
