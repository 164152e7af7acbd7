"""Labels are drawn by lot: every classifier is right on 50 % of what it has not learnt from, and no verb may print anything else."""

import math
import shutil

import numpy as np
import pytest

from tests.honesty.conftest import BY_HEART, Said, call, noise, write
from tests.honesty.variations import VARIATIONS, pictures

Z = 3.29  # two-sided 99.9 %
VERBS = {
    "evaluate": (),
    "compare": (),
    "attack": ("--method", "fgsm", "--epsilon", "1/255"),
    "certify": ("--certify", "0.1", "--samples", "100"),
    "stress": ("--only", "noise", "--severity", "1"),
}


def bounds(value: float, n: int) -> tuple[float, float]:
    """Wilson's interval at 99.9 %, written out anew."""
    middle, spread = value + Z * Z / (2 * n), Z * math.sqrt(value * (1 - value) / n + Z * Z / (4 * n * n))
    return (middle - spread) / (1 + Z * Z / n), (middle + spread) / (1 + Z * Z / n)


def figures(found: dict) -> list[float]:
    """The accuracies on unchanged pictures that a document of `evaluate`, `compare`, `attack` or `stress` states."""
    return [found["a"], found["b"]] if "a" in found else [found["clean" if "clean" in found else "top1"]["value"]]


def honest(said: Said, allow_train: bool = False) -> str:
    """Assert that what was said is a figure that does not exclude 50 %, or a refusal in one line; return which."""
    if said.code:
        assert said.code in (1, 2), said
        refusal = [line for line in said.err.splitlines() if line.startswith("clearsight:")]
        assert len(refusal) == 1 and "bug" not in refusal[0] and "Traceback" not in said.err, said
        return "refused"
    found = said.json
    for value in figures(found):
        low, high = bounds(value, found["n"])
        assert low <= 0.5 <= high, (said.words, value, found["n"], said.err)
    assert found["judged_on"]["learnt"] == 0, said
    return "judged"


def judge(verb: str, data: object = None, model: str = "runs/A", other: str = "runs/B", *more: str) -> Said:
    models = (model, other) if verb == "compare" else (model,)
    return call("attack" if verb == "certify" else verb, *models, *([data] if data else []), *VERBS[verb], "--json", *more)


def test_the_classifiers_know_their_pictures_by_heart(trained):
    # else nothing below proves anything; and what is no test is said to be none
    for run in ("runs/A", "runs/B"):
        said = judge("evaluate", None, run, "", "--part", "train", "--out", "by-heart")
        assert said.json["top1"]["value"] > 0.95
        assert said.json["judged_on"]["learnt"] == said.json["n"] and "no test" in said.err


@pytest.mark.parametrize("verb", VERBS)
def test_own_data(trained, verb):
    assert honest(judge(verb)) == "judged"
    shown = judge(verb, None, "runs/A", "runs/B", "--part", "unseen")
    assert honest(shown) == "judged"


@pytest.mark.parametrize("variation", VARIATIONS)
def test_the_same_pictures_again(trained, variation):
    rng = np.random.default_rng(len(variation))
    data = VARIATIONS[variation](pictures(trained / "noise"), trained / "again" / variation, rng)
    for verb in ("evaluate", "compare", "attack"):
        honest(judge(verb, data))
    for part in ("all", "unseen"):
        honest(judge("evaluate", data, "runs/A", "", "--part", part))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("change", ["less", "more", "half new"])
def test_fewer_and_more_pictures(trained, verb, change):
    rng = np.random.default_rng(5)
    folder = trained / "changed" / f"{verb}-{change}"
    shutil.copytree(trained / "noise", folder)
    if change == "less":
        next((folder / "a").iterdir()).unlink()
    else:
        count = 1 if change == "more" else 300
        write(folder / "new", noise(rng, count), rng.integers(0, 2, count))
        for path in (folder / "new").rglob("*.png"):
            path.rename(folder / path.parent.name / f"new-{path.name}")
        shutil.rmtree(folder / "new")
    honest(judge(verb, folder))
    assert honest(judge(verb, folder, "runs/A", "runs/B", "--part", "unseen")) == "judged"


def test_a_jpeg_saved_as_png(trained):
    rng = np.random.default_rng(3)
    data = write(trained / "jpeg", noise(rng, 240), rng.integers(0, 2, 240), "jpg")
    assert call("train", data, *BY_HEART, "--out", "J", "--quiet").code == 0
    again = VARIATIONS["png-harder"](pictures(data), trained / "jpeg-as-png", rng)
    assert honest(judge("evaluate", data, "runs/J")) == "judged"
    honest(judge("evaluate", again, "runs/J"))
    honest(judge("evaluate", again, "runs/J", "", "--part", "unseen"))


PARENTS = {
    "from, all": ("--from", "runs/A", "--tune", "all", "--epochs", "1", "--lr", "1e-5", "--split-seed", "4"),
    "from, head": ("--from", "runs/A", "--tune", "head", "--split-seed", "4"),
    "from, new head": ("--from", "runs/A", "--resize-head", "--tune", "head", "--l2", "1e-6", "--seed", "9"),
    "teacher": ("--teacher", "runs/A", "--model", "pixels", "--epochs", "3", "--seed", "2", "--split-seed", "2"),
    "division": ("--division", "runs/A", *BY_HEART, "--seed", "3"),
    "ensemble": ("--ensemble", "2", *BY_HEART, "--seed", "5"),
}


@pytest.mark.parametrize("parent", PARENTS)
@pytest.mark.parametrize("data", ["noise", "renamed"])
def test_what_a_parent_has_learnt_is_no_test_of_the_child(trained, parent, data):
    given = "noise" if data == "noise" else trained / "parents-renamed"
    if data == "renamed" and not given.exists():
        VARIATIONS["renamed"](pictures(trained / "noise"), given, np.random.default_rng(8))
    out = f"{parent.replace(', ', '-').replace(' ', '-')}-{data}"
    said = call("train", given, "--out", out, "--quiet", *PARENTS[parent])
    if said.code:
        assert said.code in (1, 2) and "bug" not in said.err, said
        return
    assert honest(judge("evaluate", None, f"runs/{out}")) == "judged"
    honest(judge("evaluate", "noise", f"runs/{out}", "", "--part", "unseen"))
    honest(judge("compare", "noise", f"runs/{out}", "runs/A"))


def test_joined_classifiers_are_judged_on_what_none_has_learnt(trained):
    assert call("ensemble", "runs/A", "runs/B", "--out", "joined").code == 0
    honest(judge("evaluate", None, "runs/joined"))
    honest(judge("evaluate", "noise", "runs/joined"))
    copy = VARIATIONS["renamed"](pictures(trained / "noise"), trained / "joined-renamed", np.random.default_rng(1))
    honest(judge("evaluate", copy, "runs/joined", "", "--part", "unseen"))


def test_the_ladder_from_a_run_keeps_its_test_pictures(trained):
    said = call("ladder", "noise", "--rungs", "pixels,frozen", "--from", "runs/B", "--json")
    assert said.code == 0, said.err
    for rung in said.json["standings"]:
        low, high = bounds(rung["accuracy"]["value"], said.json["n"])
        assert low <= 0.5 <= high, rung


def test_labels_are_judged_by_models_that_have_not_seen_them(trained):
    said = call("labels", "errors", "noise", "--json", "--quiet")
    low, high = bounds(said.json["agreement"], said.json["n"])
    assert low <= 0.5 <= high
    known = call("labels", "errors", "noise", "--from", "runs/A", "--json")
    assert known.code or "240" in known.err  # the labels A has learnt are counted


def test_pictures_twice_with_one_label_stay_in_one_part(trained):
    rng = np.random.default_rng(12)
    data = write(trained / "twice", noise(rng, 150), rng.integers(0, 2, 150))
    for path in list(data.rglob("*.png")):
        shutil.copy(path, path.with_name(f"copy-{path.name}"))
    assert call("train", data, *BY_HEART, "--out", "twice", "--quiet").code == 0
    assert honest(judge("evaluate", None, "runs/twice")) == "judged"


def test_copies_across_parts_that_data_bring_are_said_and_scored_without(trained):
    rng = np.random.default_rng(13)
    train, test = noise(rng, 200), noise(rng, 40)
    labels = rng.integers(0, 2, 240)
    write(trained / "brought/train", train, labels[:200])
    write(trained / "brought/test", test + train[:40], np.concatenate([labels[200:], labels[:40]]))
    said = call("train", "brought", *BY_HEART, "--out", "brought")
    assert said.code == 0 and "40" in said.err and "cop" in said.err, said.err
    judged = judge("evaluate", None, "runs/brought")
    assert judged.code == 0, judged.err
    assert judged.json["n"] == 40 and judged.json["judged_on"]["left_out"] == 40, judged
    honest(judged)
    naive = judged.json["with_learnt"]  # what the copies would have flattered
    assert naive["n"] == 80 and naive["top1"]["value"] > judged.json["top1"]["value"] + 0.1
    assert "with the 40 that it has learnt from" in call("evaluate", "runs/brought").out


def test_idx_and_the_same_pictures_as_files(trained):
    rng = np.random.default_rng(21)
    folder = write(trained / "numbered", noise(rng, 240), rng.integers(0, 2, 240))
    data = VARIATIONS["idx"](pictures(folder), trained / "as-idx", rng)
    said = call("train", data, *BY_HEART, "--out", "idx")
    assert said.code == 0, said.err
    assert honest(judge("evaluate", None, "runs/idx")) == "refused"  # its test part IS its training part
    for label in "ab":
        (folder / label).rename(folder / str("ab".index(label)))
    write(folder / "more", noise(rng, 60), rng.integers(0, 2, 60))
    for path in list((folder / "more").rglob("*.png")):
        path.rename(folder / str("ab".index(path.parent.name)) / f"more-{path.name}")
    shutil.rmtree(folder / "more")
    assert honest(judge("evaluate", folder, "runs/idx")) == "refused"
    said = judge("evaluate", folder, "runs/idx", "", "--part", "unseen")
    assert honest(said) == "judged" and said.json["n"] <= 60 + 24


def test_one_test_picture_and_none(trained):
    rng = np.random.default_rng(14)
    data = write(trained / "one/train", noise(rng, 60), rng.integers(0, 2, 60)).parent
    write(data / "test", noise(rng, 1), np.array([1]))
    assert call("train", data, *BY_HEART, "--out", "one", "--quiet").code == 0
    assert judge("evaluate", None, "runs/one").json["n"] == 1
    (trained / "empty/a").mkdir(parents=True)
    assert honest(judge("evaluate", trained / "empty")) == "refused"


def test_seeds_compare_on_the_same_test(trained):
    assert call("train", "noise", *BY_HEART, "--out", "seed-7", "--seed", "7", "--quiet").code == 0
    said = judge("compare", None, "runs/A", "runs/seed-7")
    assert said.json["n"] == 60 and said.json["judged_on"]["left_out"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("draw", range(200))
def test_random_variations(trained, draw):
    rng = np.random.default_rng(draw)
    what, names = pictures(trained / "noise"), list(VARIATIONS)
    what = [what[at] for at in rng.permutation(len(what))[: rng.integers(40, len(what) + 1)]]
    fresh = noise(rng, int(rng.integers(0, 2) * rng.integers(1, 300)))
    extra = write(trained / f"extra-{draw}", fresh, rng.integers(0, 2, len(fresh)))
    what += [(label, f"new{name}", *rest) for label, name, *rest in (pictures(extra) if fresh else [])]
    data = VARIATIONS[names[rng.integers(len(names))]](what, trained / f"draw-{draw}", rng)
    verb = list(VERBS)[rng.choice(5, p=[0.4, 0.3, 0.2, 0.05, 0.05])]
    part = ["test", "all", "unseen"][rng.integers(3)]
    honest(judge(verb, data, *rng.permutation(["runs/A", "runs/B"]), "--part", part))
