from pathlib import Path
from types import SimpleNamespace

import pytest

from clearsight.classifier import validation
from clearsight.runs.trained import Trained


@pytest.mark.parametrize("judged", [None, validation.judged(9, 10, []), validation.judged(9, 10, ["temperature"])])
def test_the_numbers_are_those_of_the_json(judged):
    trained = Trained(Path("runs/x"), SimpleNamespace(architecture="pixels", facts={}), 650, 3, 1.5, 99.0, judged, None)
    found = trained.to_json()
    assert (found["run"], found["model"], found["validation"]) == ("runs/x", "pixels", judged) and "ensemble" not in found
    edges = {f"top1_{edge}": judged["top1"][edge] for edge in ("low", "high") if judged["top1"][edge] is not None} if judged else {}
    shared = {name: found[name] for name in ("epochs", "seconds", "parameters")}
    assert trained.numbers == shared | ({"top1": 0.9, "top1_pictures": 10} if judged else {}) | edges


def test_an_ensemble_says_so():
    classifier = SimpleNamespace(architecture="pixels", facts={"ensemble": {"members": 2}})
    assert Trained(Path("x"), classifier, 1, 1, 1.0, 1.0, None, None).to_json()["ensemble"] == {"members": 2}
