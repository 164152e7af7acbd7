"""What the screen Break shows equals what the library computes."""

import base64

import numpy as np
import pytest
import torch

from clearsight.attacks.picture import attack_picture
from clearsight.attacks.quantization import levels
from clearsight.attacks.slider import LEVELS, slider
from clearsight.attacks.table import ATTACKS
from clearsight.base.errors import ClearsightError
from clearsight.classifier import load
from clearsight.corruptions import corrupted
from clearsight.datasets.open import open_dataset
from clearsight.evaluation.stress import Trial
from clearsight.studio.compute.breaking import FUNCTIONS, LAYERS, QUICK
from clearsight.studio.compute.session import Session
from tests.studio.nearest import NAMES, nearest


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("breaking")
    nearest(folder)
    return folder


@pytest.fixture(scope="module")
def run(home):
    return str(home / "run")


@pytest.fixture(scope="module")
def one(home):
    return str(next((home / "scans" / "one").iterdir()))


@pytest.fixture(scope="module")
def session():
    return Session()


def of_bytes(text: str, kind: str, shape) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind).reshape(shape)


def test_the_slider_has_every_answer_of_the_attack(session, run, one):
    told, known = FUNCTIONS["slider"](session, run, one, None), load(run)
    found = slider(known, one)
    assert (told["trained"], told["gradient"], told["classes"], told["aim"]) == (True, True, list(NAMES), "")
    assert np.array_equal(of_bytes(told["picture"], "u1", told["shape"]), found.picture.numpy())
    assert np.array_equal(of_bytes(told["sign"], "i1", told["shape"]), found.sign.numpy())
    assert [step["top"][0]["confidence"] for step in told["steps"]] == pytest.approx(found.probabilities.amax(1).tolist(), abs=1e-6)
    assert told["fooled"] == found.first() and told["steps"][told["fooled"]]["top"][0]["label"] != told["before"]["label"]
    assert told["methods"][0]["name"] == "fgsm" and {row["name"] for row in told["methods"]} == set(QUICK) <= set(ATTACKS)
    saved = FUNCTIONS["survival"](session, run, one, None)
    shares = known.probabilities(levels(found.pictures()))
    assert [row["confidence"] for row in saved["png"]] == pytest.approx(shares.amax(1).tolist(), abs=1e-6)
    assert len(saved["jpeg"]) == len(LEVELS)


def test_a_target_is_reached_and_a_wrong_one_refused(session, run, one):
    told = FUNCTIONS["slider"](session, run, one, 2)
    assert told["aim"] == NAMES[2] and told["direction"] == "−∇ₓJ"
    assert told["reached"] is None or told["steps"][told["reached"]]["top"][0]["index"] == 2
    for what, more in (("slider", {}), ("attacked", {"method": "bim", "epsilon": 0.1})):
        with pytest.raises(ClearsightError, match="target"):
            FUNCTIONS[what](session, run, one, target=3, **more)


@pytest.mark.parametrize("method", [name for name in QUICK if name != "fgsm"])
def test_every_other_method_is_that_of_the_command(session, run, one, method):
    epsilon = {"l2": 1.0, "spatial": 0.1}.get(ATTACKS[method].norm, 0.2)
    told = FUNCTIONS["attacked"](session, run, one, method, epsilon, None)
    found = attack_picture(load(run), one, epsilon=epsilon, method=method, steps=QUICK[method])
    assert told["exact"] == {"label": found.exact.label, "confidence": found.exact.confidence}
    assert (told["survives"], told["largest"], told["norm"]) == (found.survives, found.largest, ATTACKS[method].norm)
    assert told["box"] == ("white" if ATTACKS[method].white_box else "black")


def test_an_untrained_network_is_attacked_and_says_so(session, one):
    told = FUNCTIONS["slider"](session, "lenet5", one, None)
    assert not told["trained"] and told["classes"] == [str(k) for k in range(10)]
    assert next(iter(told["drift"])) == "conv1" and len(told["drift"]) <= LAYERS
    assert all(moved[0] == 0 and moved[-1] > 0 for moved in told["drift"].values())


def test_without_a_gradient_the_black_boxes_are_left_with_the_reason(session, exported, one):
    told = FUNCTIONS["slider"](session, str(exported.fitted), one, None)
    assert not told["gradient"] and "no gradient" in told["reason"]
    assert [row["name"] for row in told["methods"]] == [name for name in QUICK if not ATTACKS[name].white_box]
    assert FUNCTIONS["attacked"](session, str(exported.fitted), one, "noise", 0.1, None)["box"] == "black"


def test_the_panel_is_what_stress_shows_the_network(session, home, run):
    data, known = open_dataset(home / "scans")["all"], load(run)
    trial = Trial(known, known, data, 7, 0, 0, True)
    row = 3
    index = int(trial.indices[row])
    file = str(home / "scans" / str(data.names[index]))
    parts = [FUNCTIONS["panel"](session, run, file, index, part) for part in range(6)]
    rows = {one["challenge"]: one["trials"] for told in parts for one in told["challenges"]}
    assert list(rows) == parts[0]["names"] and len(rows) == 18 + 15 and parts[0]["parts"] == 6 and "saturate" not in rows, (
        "grey pictures have no colour"
    )
    for name, severity in (("gaussian_noise", 3), ("fog", 5), ("glass_blur", 1)):
        changed = corrupted(trial.pictures[row : row + 1], trial.indices[row : row + 1], name, severity)
        shares = known.probabilities(changed)[0]
        assert rows[name][severity - 1]["confidence"] == pytest.approx(float(shares.max()), abs=1e-6)
        mixed = FUNCTIONS["mixed"](session, run, file, [[name, severity]], index)
        assert mixed["top"][0]["confidence"] == pytest.approx(float(shares.max()), abs=1e-6)
    two = FUNCTIONS["mixed"](session, run, file, [["fog", 2], ["contrast", 1]], index)
    some = torch.tensor([index])
    changed = corrupted(corrupted(trial.pictures[row : row + 1], some, "fog", 2), some, "contrast", 1)
    assert two["top"][0]["confidence"] == pytest.approx(float(known.probabilities(changed).max()), abs=1e-6)
    assert sum(len(told["boxes"]) for told in parts) == 5 * len(rows)
    with pytest.raises(ClearsightError, match="from 0 to 5"):
        FUNCTIONS["panel"](session, run, file, index, 6)
    with pytest.raises(ClearsightError, match="fogg"):
        FUNCTIONS["mixed"](session, run, file, [["fogg", 2]], index)
