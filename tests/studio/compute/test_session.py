"""What the studio computes equals what the library computes."""

import base64
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.base.errors import ClearsightError, UnreadableImage
from clearsight.classifier import Classifier, load, save
from clearsight.images.preprocess import Preprocessing
from clearsight.look.features import maps
from clearsight.look.preprocessing_steps import answers
from clearsight.look.target import subject
from clearsight.look.unit import recompute_unit
from clearsight.look.why import explain
from clearsight.models import build
from clearsight.studio.compute.session import FUNCTIONS, Session

UNTRAINED = "lenet5"


@pytest.fixture(scope="module")
def nine(tmp_path_factory):
    file = tmp_path_factory.mktemp("pictures") / "nine.png"
    values = np.random.default_rng(0).integers(0, 256, (40, 30), np.uint8)
    Image.fromarray(values).save(file)
    return str(file)


@pytest.fixture(scope="module")
def artefact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artefact") / "digits"
    shape = {"channels": 1, "height": 16, "width": 16}
    preprocessing = Preprocessing(**shape, mean=(0.5,), std=(0.5,))
    save(Classifier(build("pixels", 3, **shape, seed=0), preprocessing, ("a", "b", "c"), architecture="pixels"), folder)
    return str(folder)


@pytest.fixture(scope="module")
def session():
    return Session()


def test_an_answer_is_that_of_classify(session, nine, artefact):
    told = FUNCTIONS["answer"](session, artefact, nine, "nine.png")
    assert told["answer"] == {**asdict(load(artefact).classify(nine)), "source": "nine.png"}
    assert told["trained"] and told["options"] == []
    described = FUNCTIONS["network"](session, artefact)
    assert (described["trained"], described["classes"], described["parameters"]) == (True, ["a", "b", "c"], 3 * 257)
    with pytest.raises(ClearsightError, match="no maps"):
        FUNCTIONS["maps"](session, artefact, nine, 4)


def test_an_untrained_network_says_so(session, nine):
    told = FUNCTIONS["answer"](session, UNTRAINED, nine, "nine.png")
    found = subject(UNTRAINED)
    shares = torch.softmax(found.model.eval()(found.inputs(nine)), 1)[0]
    assert not told["trained"] and told["answer"]["index"] == int(shares.argmax())
    assert [one["confidence"] for one in told["answer"]["top"]] == pytest.approx(shares.sort(descending=True)[0][:5].tolist())


def test_maps_and_every_unit_that_is_asked_for_are_the_networks_own(session, nine):
    found = subject(UNTRAINED)
    wanted = maps(found.model.eval(), found.inputs(nine))
    told = FUNCTIONS["maps"](session, UNTRAINED, nine, 3)
    for stage in told["stages"]:
        channels, rows, columns = stage["shape"]
        assert wanted[stage["name"]].shape == (channels, rows, columns)
        for one in stage["channels"]:
            values = np.frombuffer(base64.b64decode(one["values"]), "<f4").reshape(rows, columns)
            assert np.array_equal(values, wanted[stage["name"]][one["channel"]].numpy())
        y, x = rows // 2, columns // 3
        unit = FUNCTIONS["unit"](session, UNTRAINED, nine, stage["name"], 1, [y, x], [])
        assert unit["equal"] and unit["value"] == float(wanted[stage["name"]][1, y, x])
    with pytest.raises(ClearsightError, match="channel"):
        FUNCTIONS["unit"](session, UNTRAINED, nine, told["stages"][0]["name"], 999, [0, 0], [])


def test_a_click_never_runs_the_network_again(session, nine, monkeypatch):
    name = FUNCTIONS["maps"](session, UNTRAINED, nine, 1)["stages"][0]["name"]
    network = session.network(UNTRAINED)[0].model
    monkeypatch.setattr(network, "forward", lambda *_: pytest.fail("the network was run again"))
    assert FUNCTIONS["unit"](session, UNTRAINED, nine, name, 1, [2, 3], [])["equal"]
    assert FUNCTIONS["unit"](session, UNTRAINED, nine, "", 1, None, [[5]])["equal"]
    assert FUNCTIONS["scores"](session, UNTRAINED, nine)["rows"]


def test_every_level_down_is_what_look_unit_has_and_the_last_is_a_pixel(session, nine):
    found, down, layers = subject(UNTRAINED), [], []
    while "pixel" not in (told := FUNCTIONS["unit"](session, UNTRAINED, nine, "", 7, None, down)):
        last = told["levels"][-1]
        layers.append(last["layer"])
        assert last["equal"] and len(told["levels"]) == len(down) + 1
        alone = recompute_unit(found.model.eval(), found.inputs(nine), last["layer"], last["channel"], last["at"] or None).to_json()
        assert all(told[name] == value for name, value in alone.items())
        down.append([0, 2, 2] if told["patch"] else [0])
    assert layers == ["fc3", "fc2", "fc1", "pool2", "conv2", "pool1", "conv1"]
    pixel, given = told["pixel"], found.inputs(nine)
    assert pixel["equal"] and pixel["value"] == float(given[0, 0, pixel["row"], pixel["column"]])
    assert pixel["level"] == int(found.preprocessing.load(nine)[0, pixel["row"], pixel["column"]])
    with pytest.raises(ClearsightError, match="the way down ends here"):
        FUNCTIONS["unit"](session, UNTRAINED, nine, "", 7, None, [*down, [0]])
    with pytest.raises(ClearsightError, match="no-layer"):
        FUNCTIONS["unit"](session, UNTRAINED, nine, "no-layer", 7, None, [])


def test_scores_become_the_probabilities_of_the_answer(session, nine, artefact):
    told = FUNCTIONS["scores"](session, artefact, nine)
    top = FUNCTIONS["answer"](session, artefact, nine, "")["answer"]["top"]
    assert [row["label"] for row in told["rows"]] == [one["label"] for one in top]
    assert [row["probability"] for row in told["rows"]] == pytest.approx([one["confidence"] for one in top], rel=1e-5)


def test_layers_have_shapes_parameters_and_fields(session):
    told = FUNCTIONS["layers"](session, UNTRAINED)
    assert told["network"]["parameters"] == FUNCTIONS["network"](session, UNTRAINED)["parameters"]
    assert told["field"]["layers"][0]["size"] == [5, 5]


def test_filters_are_the_weights_of_the_first_convolution(session, artefact):
    told = FUNCTIONS["filters"](session, UNTRAINED)
    values = np.frombuffer(base64.b64decode(told["values"]), "<f4").reshape(told["shape"])
    assert told["layer"] == "conv1" and told["count"] == len(told["rows"]) == 6
    assert np.array_equal(values, session.network(UNTRAINED)[0].model.conv1.weight.detach().numpy())
    with pytest.raises(ClearsightError, match="has no convolution"):
        FUNCTIONS["filters"](session, artefact)


def test_the_way_ends_in_the_networks_numbers(session, nine):
    told = FUNCTIONS["way"](session, UNTRAINED, nine)
    assert told["steps"][0]["name"] == "file" and told["steps"][-1]["name"] == "numbers"
    for one in told["steps"]:
        assert base64.b64decode(one["image"])[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")


def test_the_mistakes_come_a_few_at_a_time(session, nine):
    told = [FUNCTIONS["mistakes"](session, UNTRAINED, nine)]
    lengths = [len(told[0]["answers"])]
    while not told[-1]["ready"]:
        told.append(FUNCTIONS["mistakes"](session, UNTRAINED, nine))
        lengths.append(len(told[-1]["answers"]))
    assert lengths[0] == 2 and lengths == sorted(lengths) and len(lengths) > 3
    assert told[-1]["answers"] == answers(session.network(UNTRAINED)[0], nine)
    assert FUNCTIONS["mistakes"](session, UNTRAINED, nine) == told[-1]


def test_mistakes_that_failed_are_asked_anew(session, tmp_path):
    broken = tmp_path / "rubbish"
    broken.write_bytes(b"rubbish")
    for _ in range(2):
        with pytest.raises(UnreadableImage):
            FUNCTIONS["mistakes"](session, UNTRAINED, str(broken))


def test_a_reason_has_its_map_and_its_checks_when_asked(session, nine):
    quick = FUNCTIONS["why"](session, UNTRAINED, nine, "saliency", False)
    assert quick["checks"] == [] and not quick["checked"]
    heat = np.frombuffer(base64.b64decode(quick["heat"]), "<f4").reshape(quick["shape"])
    assert np.isfinite(heat).all() and heat.max() > 0


def test_an_exported_file_answers_and_says_that_its_inside_cannot_be_seen(session, nine, exported):
    words = str(exported.onnx)
    told = FUNCTIONS["answer"](session, words, nine, "nine.png")
    wanted = FUNCTIONS["answer"](session, str(exported.folder), nine, "nine.png")
    assert told["trained"] and told["answer"]["label"] == wanted["answer"]["label"]
    assert told["answer"]["confidence"] == pytest.approx(wanted["answer"]["confidence"], abs=1e-4)
    assert FUNCTIONS["network"](session, words)["exported"]
    assert FUNCTIONS["way"](session, words, nine)["steps"][0]["name"] == "file"
    whole = FUNCTIONS["whatif"](session, words, nine, 4, [], "mean")
    assert whole["top"] == whole["before"] and whole["top"][0]["label"] == told["answer"]["label"]
    for what, more in (
        ("maps", {"most": 1}),
        ("scores", {}),
        ("mistakes", {}),
        ("unit", {"layer": "", "channel": 0, "at": None, "down": []}),
    ):
        with pytest.raises(ClearsightError, match=r"^this is an exported file: it answers, and its inside cannot be seen\."):
            FUNCTIONS[what](session, words, nine, **more)


def test_what_is_erased_is_filled_before_the_network_sees_it(session, nine, artefact):
    whole = FUNCTIONS["whatif"](session, artefact, nine, 4, [], "mean")
    assert whole["top"] == whole["before"]
    assert [one["label"] for one in whole["top"]] == [
        one["label"] for one in FUNCTIONS["answer"](session, artefact, nine, "")["answer"]["top"]
    ]
    found = load(artefact)
    changed = found.preprocessing.load(nine)
    changed[:, 4:8, 12:16] = 128
    with torch.no_grad():
        wanted = torch.softmax(found.model(found.preprocessing.normalise(changed[None]))[0] / found.temperature, 0)
    told = FUNCTIONS["whatif"](session, artefact, nine, 4, [[1, 3]], "grey")["top"]
    assert [one["confidence"] for one in told] == pytest.approx(wanted.sort(descending=True)[0].tolist())
    for side, cells, fill in ((0, [], "mean"), (4, [[4, 0]], "mean"), (4, [[0]], "mean"), (17, [], "mean"), (4, [], "noise")):
        with pytest.raises(ClearsightError):
            FUNCTIONS["whatif"](session, artefact, nine, side, cells, fill)


def test_a_picture_is_shown_upright_and_small(session, tmp_path):
    turned = Image.new("RGB", (1000, 500), (200, 30, 30))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    told = FUNCTIONS["picture"](session, str(tmp_path / "turned.jpg"), "turned.jpg")
    assert told["size"] == [500, 1000] and base64.b64decode(told["image"]).startswith(b"\xff\xd8")
    (tmp_path / "rubbish").write_bytes(b"rubbish")
    with pytest.raises(UnreadableImage):
        FUNCTIONS["picture"](session, str(tmp_path / "rubbish"), "x")


def test_it_is_ready_when_its_libraries_are():
    assert FUNCTIONS["warm"](Session()) == "ready"


def test_threads_are_one_while_others_need_them_and_all_again_afterwards(monkeypatch):
    asked = [4]
    monkeypatch.setattr(torch, "get_num_threads", lambda: asked[-1])
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    session = Session()
    assert [FUNCTIONS["threads"](session, one) for one in (True, True, False)] == [1, 1, 4]


def test_why_one_class_and_not_another_is_asked_by_numbers(artefact, nine):
    session = Session()
    found = FUNCTIONS["why"](session, artefact, nine, "input-x-gradient", checks=False, index=2, against=0)
    assert (found["class"], found["against"]) == ("c", "a")
    wanted = explain(session.network(artefact)[0], session.input(artefact, nine), "input-x-gradient", "c", checks=False, against="a").heat
    assert np.array_equal(np.frombuffer(base64.b64decode(found["heat"]), "<f4"), wanted.numpy().ravel())
    for index, against in ((3, 0), (0, -1)):
        with pytest.raises(ClearsightError, match="classes from 0 to 2"):
            FUNCTIONS["why"](session, artefact, nine, "saliency", checks=False, index=index, against=against)
