"""Two runs by their stored answers: what `clearsight compare` says of the same pictures, and which of them decide."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import clearsight as cs
from clearsight.base.errors import UsageError
from clearsight.cli import main
from clearsight.evaluation.answers import FILE, NoAnswers, read, save
from clearsight.evaluation.deciding import decide
from clearsight.reports.of_run import report_training


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs on the same digits, judged; `before` is the first one as its training left it."""
    root = tmp_path_factory.mktemp("runs")
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEARSIGHT_CACHE", str(root / "cache"))
        for name, lr in (("a", 0.001), ("b", 0.02)):
            trained = cs.train("digits", model="pixels", epochs=1, lr=lr, speed="plain", out=str(root / name), quiet=True)
            report_training(trained, quiet=True)
            made[name] = trained
        before = root / "before"
        shutil.copytree(root / "a", before)
        for name in made:
            cs.report(made[name], quiet=True)
    return root


def test_it_is_what_the_command_says(runs, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["clearsight", "compare", str(runs / "a"), str(runs / "b"), "--json", "--quiet"])
    with pytest.raises(SystemExit):
        main()
    wanted, decision = json.loads(capsys.readouterr().out), decide(runs / "a", runs / "b")
    found = decision.comparison.to_json()
    for name in ("n", "a", "b", "difference", "only_a", "only_b", "p", "noise", "sentence", "weights", "judged_on"):
        assert found[name] == wanted[name], name
    assert len(decision.only_a) == found["only_a"] and len(decision.only_b) == found["only_b"] > 0
    assert np.array_equal(decision.a.names, decision.b.names)
    assert (~decision.a.right & decision.b.right)[decision.only_b].all() and (decision.a.right & ~decision.b.right)[decision.only_a].all()


def test_what_cannot_be_compared_is_refused_in_the_words_of_compare(runs, tmp_path):
    with pytest.raises(NoAnswers, match="clearsight evaluate"):
        decide(runs / "a", tmp_path)
    save(tmp_path, read(runs / "b").subset(np.arange(381)))
    with pytest.raises(UsageError, match=r"a comparison needs the same pictures on both sides\. A has 382, B has 381"):
        decide(runs / "a", tmp_path)
    with pytest.raises(UsageError, match=r"has learnt from 130 of these 130 pictures of digits: none is left to judge on"):
        decide(runs / "before", runs / "before")


def test_other_answers_of_both_runs_are_compared_against_what_the_runs_have_learnt(runs, tmp_path):
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        save(folder, read(runs / folder.name).subset(np.arange(100, 300)))
    found, own = decide(runs / "a", runs / "b", folders), decide(runs / "a", runs / "b")
    assert found.comparison.n == 200 and found.comparison.to_json()["judged_on"]["left_out"] == 0
    assert set(found.a.names[found.only_b]) == set(own.a.names[own.only_b]) & set(read(folders[0]).names)
    with pytest.raises(UsageError, match=r"has learnt from 200 of these 200"):
        decide(runs / "a", learning(runs / "b", tmp_path / "run", found.a.digests), folders)


def learning(run, folder, digests):
    """A copy of a run that has been trained on the pictures of these digests as well."""
    shutil.copytree(run, folder)
    learnt, table = digests.astype(str).tolist(), folder / "split.csv"
    rows = table.read_text().splitlines()
    table.write_text("\n".join(row.replace(",test,", ",train,") if any(one in row for one in learnt) else row for row in rows) + "\n")
    facts = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({name: value for name, value in facts.items() if name != "tables"}))
    return folder


def test_pictures_that_one_has_learnt_from_are_left_out(runs, tmp_path):
    found = read(runs / "b")
    decision = decide(runs / "a", learning(runs / "b", tmp_path / "b", found.digests[:40]))
    assert decision.comparison.n == len(found) - 40 and decision.comparison.to_json()["judged_on"]["left_out"] == 40
    assert any("has learnt from 40 of these" in note and "left out" in note for note in decision.notes)
    assert not set(found.names[:40]) & set(decision.a.names)


def test_answers_of_earlier_weights_are_refused(runs, tmp_path):
    shutil.copytree(runs / "b", tmp_path / "b")
    save(tmp_path / "b", replace(read(tmp_path / "b"), stamp={"weights": "0" * 64}))
    with pytest.raises(UsageError, match="are of earlier weights: make new ones with clearsight evaluate"):
        decide(runs / "a", tmp_path / "b")
    (tmp_path / "b" / FILE).unlink()
    with pytest.raises(NoAnswers):
        decide(runs / "a", tmp_path / "b")
