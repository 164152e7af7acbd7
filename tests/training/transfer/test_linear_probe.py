"""A training that only solves the head: a path of strengths, the best kept, stopped and resumed like any other."""

import math
from types import SimpleNamespace

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.classifier import load
from clearsight.models import HANDMADE
from clearsight.training.api import resume, train
from clearsight.training.interrupt import Interrupted
from clearsight.training.transfer import linear_probe
from tests.pictures import digit_arrays
from tests.training.test_session import columns, sigterm, weights

DATA = digit_arrays(per_class=40)  # 32 validation pictures, which may choose a strength
SOLVED = {"recipe": "solved", "seed": 3, "quiet": True}


@pytest.mark.parametrize("model", [name for family in HANDMADE for name in family.TABLE if name != "pixels-rbf"])
def test_every_feature_is_trained_judged_and_saved(model, tmp_path):
    trained = train(DATA, out=str(tmp_path / "run"), model=model, size=16, **SOLVED)
    rows = (tmp_path / "run" / "results.csv").read_text().splitlines()
    strengths = [float(row.split(",")[1]) for row in rows[1:]]
    assert strengths[:-1] == sorted(strengths[:-1], reverse=True)  # falling
    assert strengths[-1] in strengths[:-1]  # and the chosen one again, to the end
    assert float(rows[1].split(",")[rows[0].split(",").index("loss")]) < math.log(10)  # knowing nothing of ten classes
    saved = load(tmp_path / "run")
    picture = torch.from_numpy(DATA[0][:4, None]).repeat(1, saved.preprocessing.channels, 1, 1)
    fitted = torch.stack([saved.preprocessing.load(p[0].numpy()) for p in picture])
    torch.testing.assert_close(saved.logits(fitted), trained.classifier.logits(fitted), rtol=1e-4, atol=1e-4)  # another memory format


def test_one_strength_is_solved_once_and_precisely(tmp_path):
    train(DATA, out=str(tmp_path / "run"), model="pixels", l2=1e-2, **SOLVED)
    header, row = (tmp_path / "run" / "results.csv").read_text().splitlines()
    values = dict(zip(header.split(","), map(float, row.split(",")), strict=True))
    assert values["l2"] == 1e-2 and values["gradient_norm"] < 1e-5


@pytest.mark.parametrize("evaluations", [1, 20, 45])
def test_stopped_anywhere_it_ends_the_same(evaluations, tmp_path, monkeypatch):
    settings = {**SOLVED, "model": "hog-hard", "size": 16}
    straight, run = train(DATA, out=str(tmp_path / "straight"), **settings), tmp_path / "stopped"
    with monkeypatch.context() as patch:
        solve, count = linear_probe.solve, [0]

        def counted(problem, l2, start, precise, check):
            def checked():
                count[0] += 1
                if count[0] == evaluations:
                    sigterm()
                check()

            return solve(problem, l2, start, precise, checked)

        patch.setattr(linear_probe, "solve", counted)
        with pytest.raises(Interrupted, match="--resume"):
            train(DATA, out=str(run), **settings)
    ended = resume(run, data=DATA, quiet=True)
    assert weights(run) == weights(straight.run)
    assert columns(run) == columns(straight.run)
    assert ended.validation == straight.validation


def test_a_checkpoint_is_written_of_the_chosen_strength_only(tmp_path, monkeypatch):
    """Within a few minutes: of a large network a file takes longer than a strength."""
    fit, saves = linear_probe._fit, []

    def counted(context, save, *rest):
        fit(context, lambda: saves.append(len(context.state.counters.rows)) or save(), *rest)

    monkeypatch.setattr(linear_probe, "_fit", counted)
    train(DATA, out=str(tmp_path / "run"), model="pixels", size=8, **SOLVED)
    rows = (tmp_path / "run" / "results.csv").read_text().splitlines()[1:]
    assert saves == [len(rows)] and len(rows) > 2


def test_thirty_validation_pictures_may_choose_a_strength():
    for n, last, l2, alone in ((30, "best", 0, False), (29, "best", 0, True), (30, "last", 0, True), (30, "best", 0.1, True)):
        assert linear_probe._alone(SimpleNamespace(recipe=SimpleNamespace(keep=last, l2=l2), val=range(n))) == alone


def test_features_that_stay_are_not_augmented(tmp_path):
    with pytest.raises(UsageError, match="--augment"):
        train(DATA, out=str(tmp_path / "run"), model="hog", augment="flip", **SOLVED)


def test_the_rest_of_a_network_stays_as_it_was(tmp_path):
    first = train(DATA, out=str(tmp_path / "first"), model="lenet5", epochs=1, quiet=True)
    probed = train(DATA, out=str(tmp_path / "probed"), from_=str(first.run), resize_head=True, **SOLVED)
    before, after = (trained.classifier.model.state_dict() for trained in (first, probed))
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed == ["fc3.weight", "fc3.bias"]
    assert probed.validation["top1"]["value"] > first.validation["top1"]["value"]


def solved(strengths=(), *, val=30, **recipe):
    settings = {"l2": 0.0, "keep": "best", **recipe}
    counters = SimpleNamespace(rows=[{"l2": one} for one in strengths])
    return SimpleNamespace(recipe=SimpleNamespace(**settings), val=range(val), state=SimpleNamespace(counters=counters))


@pytest.mark.parametrize(
    ("given", "alone"),
    [({}, False), ({"l2": 1e-3}, True), ({"keep": "last"}, True), ({"val": 29}, True), ({"val": 30}, False)],
)
def test_when_validation_judges_no_path(given, alone):
    assert linear_probe._alone(solved(**given)) is alone


@pytest.mark.parametrize(
    ("strengths", "given", "chosen"),
    [
        ([], {}, False),
        ([], {"keep": "last"}, False),
        ([0.1], {"keep": "last"}, True),
        ([0.1], {}, False),
        ([0.1, 0.03, 0.01], {}, False),
        ([0.1, 0.03, 0.01, 0.03], {}, True),
    ],
)
def test_the_precise_solution_is_the_one_whose_strength_does_not_fall(strengths, given, chosen):
    assert linear_probe._chosen(solved(strengths, **given)) is chosen


def test_one_process_solves():
    context = SimpleNamespace(group=SimpleNamespace(world=2))
    for work in (linear_probe.solve_first, lambda context, on_epoch, stop: linear_probe.fit(context, None, on_epoch, stop)):
        with pytest.raises(UsageError, match="in one process: start it without torchrun"):
            work(context, None, None)


def test_a_checkpoint_is_written_when_the_last_is_older_than_its_minutes(monkeypatch):
    now, saves, head = [1000.0], [], torch.nn.Linear(2, 3)
    found = linear_probe.Solution(torch.zeros(3, 2, dtype=torch.float64), torch.zeros(3, dtype=torch.float64))
    monkeypatch.setattr(linear_probe, "solve", lambda *_: found)
    monkeypatch.setattr(linear_probe, "_close", lambda *_: None)
    monkeypatch.setattr(linear_probe.time, "monotonic", lambda: now[0])
    state = SimpleNamespace(model=SimpleNamespace(head=head), counters=SimpleNamespace(rows=[], seconds=0.0))
    context = SimpleNamespace(state=state, recipe=SimpleNamespace(checkpoint_minutes=2.0))
    path = linear_probe._Path(context, None, None, lambda: saves.append(now[0]), lambda: None, SimpleNamespace(check=None), 1000.0)
    chosen = [False]
    monkeypatch.setattr(linear_probe, "_chosen", lambda context: chosen[0])
    for second in (1000.0, 1120.0, 1120.5, 1240.0, 1241.0):
        now[0] = second
        path.solve(0.1)
    assert saves == [1120.5, 1241.0]
    chosen[0] = True
    path.solve(0.1)
    assert saves == [1120.5, 1241.0, 1241.0] and path.saved == 1241.0
