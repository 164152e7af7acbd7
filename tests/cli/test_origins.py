"""Somebody else's weights at every verb: where the report goes, and what the user of a wrong file reads."""

import json

import pytest
import torch

from clearsight import models
from tests.pictures import digit_folder


@pytest.fixture
def scans(tmp_path):
    """Pictures of the digits 0 to 2 in folders called so, and in `lenet5.pth` the weights of a network for them."""
    torch.save(models.build("lenet5", 3, channels=1, height=32, width=32, seed=1).state_dict(), tmp_path / "lenet5.pth")
    folder = digit_folder(tmp_path / "scans", per_class=8, classes=3)
    for i, name in enumerate(("zero", "one", "two")):
        (folder / name).rename(folder / str(i))
    return folder


ORIGIN = "torchvision:lenet5.pth"


@pytest.mark.parametrize(
    ("options", "where"),
    [((), "runs/scans-torchvision-lenet5.pth"), (("--out", "judged"), "runs/judged"), (("--out", "./here/it/is"), "here/it/is")],
)
def test_where_the_report_of_an_origin_goes(clearsight, scans, tmp_path, options, where):
    for _ in range(2):  # again: over the first
        said = clearsight("evaluate", ORIGIN, "scans", "-q", *options)
        assert said.code == 0, said.err
        assert said.out.splitlines()[-1] == f"report {where}/report.html"
    assert "<title>lenet5 on scans</title>" in (tmp_path / where / "report.html").read_text()
    assert json.loads((tmp_path / where / "evaluation.json").read_text())["n"] == 24
    assert {path.name for path in tmp_path.iterdir()} <= {"scans", "lenet5.pth", where.partition("/")[0]}


def test_a_report_that_is_not_written_leaves_no_folder(clearsight, scans, tmp_path):
    (scans / "2").rename(scans / "two")
    said = clearsight("evaluate", ORIGIN, "scans", "--out", "judged")
    assert said.code == 2 and "classes that the classifier does not know: 'two'" in said.err
    assert not (tmp_path / "runs" / "judged").exists()
    said = clearsight("evaluate", ORIGIN, "scans", "--out", "./lenet5.pth/x")
    assert said.code == 1 and "cannot make the folder lenet5.pth/x" in said.err


def test_an_origin_at_every_other_verb(clearsight, scans, tmp_path):
    answers = json.loads(clearsight("classify", ORIGIN, "scans", "--json").out)
    assert len(answers) == 24 and {answer["label"] for answer in answers} <= {"0", "1", "2"}
    said = clearsight("compare", ORIGIN, ORIGIN, "scans")
    assert said.code == 0 and "24 pictures" in said.out
    said = clearsight("compare", ORIGIN, ORIGIN)
    assert said.code == 2 and "name the DATA to judge it on" in said.err
    said = clearsight("verify", ORIGIN)
    assert said.code == 2 and "weights without golden samples" in said.err
    said = clearsight("train", "scans", "--from", ORIGIN, "--epochs", "1", "--speed", "plain", "--out", "mine", "-q")
    assert said.code == 0, said.err
    assert clearsight("verify", "runs/mine").code == 0
    assert not (tmp_path / ORIGIN).exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "lenet5"), "no classifier at lenet5: give the run folder"),
        (("--from", "efficientnet_lite0"), "it is a network, and its trained weights are package:efficientnet_lite0@imagenet"),
        (("--from", "kreas:x.h5"), "no origin of weights is called 'kreas'. Did you mean keras:"),
        (("--from", "https://example.org/x.pth"), "https://example.org/x.pth is an address: download the file"),
        (("--from", "torchvision:nowhere.pth"), "there is no file nowhere.pth"),
        (("--from", "torchvision:resnet5"), "Did you mean torchvision:resnet50"),
        (("--from", "torchvision:scans"), "scans is a folder"),
        (("--from", "torchvision:resnet18", "--model", "lenet5"), "has the weights of resnet18, and --model is lenet5"),
        (("--from", ORIGIN, "--size", "224"), "was trained on 32×32 px, and at 224×224 px lenet5 has another"),
        (("--model", "torchvision:resnet18"), "is trained weights, not a network to begin with: --from torchvision:resnet18"),
        (("--resize-head",), "--resize-head is for trained weights: say with --from which"),
        (("--from", "torchvision:empty.pth"), "empty.pth cannot be read as weights: it is damaged, cut short, or of another kind"),
        (("--from", "torchvision:code.pth"), "code.pth is not a file of weights alone: it holds objects or code, which are never run here"),
        (
            ("--from", "torchvision:five.pth"),
            "tells apart 5 classes (0, 1, 2, 3, …), the data have 3 classes (0, 1, 2). Replace the head",
        ),
    ],
)
def test_one_clear_line(clearsight, scans, tmp_path, words, says):
    (tmp_path / "empty.pth").touch()
    torch.save({"code": torch.nn.Linear(1, 1)}, tmp_path / "code.pth")
    torch.save(models.build("lenet5", 5, channels=1, height=32, width=32).state_dict(), tmp_path / "five.pth")
    said = clearsight("train", "scans", *words, "-q")
    assert said.code in (1, 2) and said.out == ""
    assert said.err.count("\n") == 1 and said.err.startswith("clearsight: ") and says in said.err, said.err
    assert not (tmp_path / "runs").exists()


def test_a_mismatch_is_a_diff_and_the_way_out(clearsight, scans):
    said = clearsight("train", "scans", "--from", ORIGIN, "--model", "convnet", "-q")
    lines = said.err.splitlines()
    assert said.code == 1 and lines[0] == "clearsight: lenet5.pth does not fit the network (- wanted, + in the file):"
    assert all(line.startswith(("  - ", "  + ")) for line in lines[1:-1]) and len(lines) < 30
    assert lines[-1] == "The file was read as the weights of convnet, as given."
