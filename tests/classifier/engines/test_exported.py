"""An exported file answers as the classifier that it was exported from; what only a network can do is refused in one sentence."""

from pathlib import Path

import numpy as np
import pytest
import torch

from clearsight.attacks.attack import attack
from clearsight.base.errors import CorruptFile, UsageError
from clearsight.classifier import load, save
from clearsight.classifier.config import read_config
from clearsight.classifier.engines.exported import SPEEDS, Exported, framed, home, of_bytes, opened
from clearsight.classifier.learnt import learnt

from .files import SIZE, classifier, written

ASKED = {"false_alarms": 0.05, "coverage": 0.9}
engines = pytest.mark.parametrize("engine", ["onnx", "openvino"])


@pytest.fixture(scope="module")
def ours():
    return classifier()


@pytest.fixture(scope="module")
def data(ours):
    pytest.importorskip("onnxruntime")
    return written(ours)


def exported(data: bytes, engine: str = "onnx"):
    pytest.importorskip({"onnx": "onnxruntime"}.get(engine, engine))
    return of_bytes(data, Path("model.onnx"), engine)


def pictures(n: int = 5, side: int = SIZE) -> list[np.ndarray]:
    return list(np.random.default_rng(1).integers(0, 256, (n, side, side + 3, 3), dtype=np.uint8))


@engines
def test_it_answers_as_the_classifier(ours, data, engine):
    found = exported(data, engine)
    for answer, wanted in zip(found.classify_many(pictures(), **ASKED), ours.classify_many(pictures(), **ASKED), strict=True):
        assert (answer.label, answer.index, answer.known, answer.labels) == (wanted.label, wanted.index, wanted.known, wanted.labels)
        assert answer.confidence == pytest.approx(wanted.confidence, abs=1e-5)
        assert answer.novelty == pytest.approx(wanted.novelty, abs=1e-5)
        assert (answer.model, answer.precision, answer.engine) == (ours.weights_digest, "float32", engine)


def test_scores_and_whole_levels_of_floats(ours, data):
    found = exported(data)
    batch = torch.stack([ours.preprocessing.fit_picture(picture) for picture in pictures()])
    torch.testing.assert_close(found.probabilities(batch), ours.probabilities(batch), atol=1e-6, rtol=0)
    torch.testing.assert_close(found.scores(batch.float() / 255 + 1e-3), found.scores(batch))


def test_a_file_of_whole_pictures_is_given_fitted_ones_in_a_border():
    cropped = classifier(SIZE / (SIZE + 2))
    found = exported(written(cropped, "pictures"))
    picture = pictures(1, SIZE + 2)[0][:, : SIZE + 2]
    torch.testing.assert_close(found.of_picture(picture), cropped.of_picture(picture), atol=1e-6, rtol=0)
    batch = torch.stack([cropped.preprocessing.fit_picture(picture) for picture in pictures()])
    torch.testing.assert_close(found.probabilities(batch), cropped.probabilities(batch), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("height", "width", "share"), [(224, 224, 0.875), (299, 299, 0.897), (224, 224, 0.95), (31, 47, 1.0), (64, 64, 0.1)]
)
def test_the_border_is_cut_off_again(height, width, share):
    from clearsight.images.preprocess import Preprocessing

    fit = Preprocessing(1, height, width, crop_fraction=share)
    batch = torch.randint(0, 256, (1, 1, height, width), dtype=torch.uint8)
    assert torch.equal(fit.fit_batch(framed(batch, fit)), batch)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda found: found.viewed("mirror"), "exported with"),
        (lambda found: found.faster("bf16"), "float32, not in bfloat16"),
        (lambda found: found.logits_and_inputs(torch.zeros(1, 3, SIZE, SIZE), "fc"), "answers only"),
    ],
)
def test_what_only_a_network_can_do_is_refused(data, tmp_path, ask, said):
    (tmp_path / "model.onnx").write_bytes(data)
    with pytest.raises(UsageError, match=said):
        ask(opened(tmp_path / "model.onnx"))


def test_attacks_see_answers_and_no_gradient(ours, data):
    found, batch = exported(data), torch.randint(0, 256, (4, 3, SIZE, SIZE), dtype=torch.uint8)
    labels = found.scores(batch).argmax(1)
    square = attack(found, batch, labels, method="square", epsilon=0.2, steps=5, curve=False, quiet=True)
    assert bool(square.clean.all())
    with pytest.raises(UsageError, match=r"black-box attack"):
        attack(found, batch, labels, method="fgsm", check=False, quiet=True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"entry": "both"}, "'entry' must be"),
        ({"classes": ["cat", "cat"]}, "'classes'"),
        ({"temperature": 0}, "'temperature'"),
        ({"limits": {"novelty": {}}}, "novelty.scores"),
        ({"weights": {}}, "'sha256'"),
        ({"format": "other"}, "`format`"),
        ({"format_version": 2}, "Update Clearsight"),
        ({"format_version": "1"}, "no whole number from 1 on"),
    ],
)
def test_other_metadata_are_damage(ours, changed, said):
    with pytest.raises(CorruptFile, match=said):
        exported(written(ours, **changed))


@engines
def test_another_file_is_damage(engine):
    with pytest.raises(CorruptFile, match=r"model.onnx cannot be read: it is not an ONNX file"):
        exported(b"no model", engine)


def test_a_file_that_is_not_there_and_one_of_pytorch(tmp_path):
    for name, said in (("model.onnx", "there is no file"), ("model.pt2", "for PyTorch without Clearsight")):
        with pytest.raises(UsageError, match=said):
            opened(tmp_path / name)
        with pytest.raises(UsageError, match=r"no network to train or to look into"):
            load(tmp_path / name)


def test_a_folder_of_exported_files_names_one(tmp_path):
    (tmp_path / "fitted.onnx").write_bytes(b"")
    with pytest.raises(UsageError, match=r"name one of them, as .*fitted\.onnx"):
        load(tmp_path)


def test_its_run_is_found_by_the_weights(tmp_path):
    from clearsight import models
    from clearsight.classifier import Classifier
    from clearsight.images.preprocess import Preprocessing

    made = Classifier(
        models.build("lenet5", 2, channels=1, height=28, width=28, seed=0), Preprocessing(1, 28, 28), "ab", architecture="lenet5"
    )
    save(made, tmp_path / "run")
    told = {"weights": read_config(tmp_path / "run")["weights"]}
    file = tmp_path / "run" / "export" / "model.onnx"
    assert home(file, told) == str(tmp_path / "run")
    assert home(file, {"weights": {"sha256": "other"}}) == str(file)
    assert not learnt(file).complete, "a file without its run does not say what it has learnt from"


def test_an_edited_description_is_damage(data):
    edited = data.replace(b'"temperature": 0.7', b'"temperature": 0.9')
    assert edited != data
    with pytest.raises(CorruptFile, match=r"damaged or edited"):
        exported(edited)


@pytest.mark.parametrize(
    ("asked", "stated", "found", "speed"),
    [
        ("float32", None, "float32", "plain"),
        ("float32", "int8", "int8", SPEEDS["int8"]),
        ("bfloat16", None, "bfloat16", SPEEDS["bfloat16"]),
        ("bfloat16", "int8", "bfloat16", SPEEDS["bfloat16"]),
    ],
)
def test_the_precision_is_the_files_own_unless_another_is_asked_for(data, asked, stated, found, speed):
    of = exported(data)
    config = {name: value for name, value in of.config.items() if name != "precision"}
    made = Exported(of.path, of.model.session, "onnx", asked, config if stated is None else {**config, "precision": stated})
    assert (made.precision, made.speed) == (found, speed)


def probabilities(values, kind="FLOAT"):
    """A change of a file: its probabilities are these values, for any picture."""

    def change(model):
        import onnx

        del model.graph.node[:], model.graph.initializer[:], model.graph.output[:]
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, "c"))
        model.graph.node.append(onnx.helper.make_node("Identity", ["c"], ["probabilities"]))
        model.graph.output.append(onnx.helper.make_tensor_value_info("probabilities", getattr(onnx.TensorProto, kind), None))

    return change


def renamed(model):
    for node in model.graph.node:
        node.output[:] = ["others" if name == "probabilities" else name for name in node.output]
    model.graph.output[0].name = "others"


def of_other_pictures(model):
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (probabilities(np.full((2, 4), 0.25, np.float32)), r"probabilities are float32 \(2, 4\), where float32 \(2, 3\) are wanted"),
        (probabilities(np.full((1, 3), 1 / 3, np.float32)), r"float32 \(1, 3\)"),
        (probabilities(np.full((2, 3), 1 / 3), "DOUBLE"), "float64"),
        (probabilities(np.full((2, 3), np.nan, np.float32)), "not all from 0 to 1"),
        (probabilities(np.float32([[2, -1, 0]] * 2)), "not all from 0 to 1"),
        (renamed, "does not answer for pictures of its preprocessing, 'probabilities'"),
        (of_other_pictures, "does not answer for pictures of its preprocessing, .*invalid dimensions"),
    ],
)
def test_a_graph_that_is_not_what_its_metadata_say_is_damage(data, change, said):
    import onnx

    model = onnx.load_from_string(data)
    change(model)
    with pytest.raises(CorruptFile, match=said):
        exported(model.SerializeToString())
