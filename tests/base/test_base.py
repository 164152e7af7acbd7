"""The ground floor: what every other part leans on."""

import errno
import io
import os
import stat
import sys
import tomllib
from dataclasses import dataclass

import pytest
import torch

from clearsight.base import files, progress
from clearsight.base.device import hardware, keep_large_buffers, pick_device
from clearsight.base.errors import ClearsightError, CorruptFile, UnreadableImage, UsageError, listed, unknown, wrong
from clearsight.base.randomness import key, permutation, uniform
from clearsight.base.registry import look_up
from clearsight.base.settings import from_dict, read_toml, setting, to_toml


def test_errors_say_what_is_allowed_and_what_came():
    assert str(wrong("epochs", "at least 1", 0)) == "epochs must be at least 1. Got 0."
    assert str(unknown("network", "swfit", ["swift", "pixels"])) == "no network is called 'swfit'. Did you mean swift?"
    assert "There is: swift, pixels." in str(unknown("network", "zzz", ["swift", "pixels"]))
    assert listed(range(20), most=3) == "0, 1, 2 … (20 in all)"
    assert (UsageError("x").exit_code, ClearsightError("x").exit_code) == (2, 1)
    assert str(UnreadableImage("a.png", "it is empty")) == "cannot read a.png: it is empty"
    with pytest.raises(UsageError, match="Did you mean a1"):
        look_up({"a1": 1}, "a2", "row")


@pytest.mark.parametrize("place", ["replace", "fsync"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, place):
    path = tmp_path / "file.json"
    files.write_json(path, {"old": "ü"})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, place, full)
        with pytest.raises(ClearsightError, match=r"No space left on device\. What was there before is untouched"):
            files.write_json(path, {"new": 1})
    assert files.read_json(path) == {"old": "ü"}
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]


def test_a_written_file_has_the_usual_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        files.write_atomic(tmp_path / "deep" / "file", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "deep" / "file").stat().st_mode) == 0o640


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": }'])
def test_json_that_does_not_parse_is_corrupt(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CorruptFile, match="not valid JSON"):
        files.read_json(tmp_path / "x.json")


def test_json_that_is_missing_is_said(tmp_path):
    with pytest.raises(ClearsightError, match="cannot read"):
        files.read_json(tmp_path / "x.json")


@dataclass(frozen=True)
class Example:
    name: str = setting("a", "what it is called")
    count: int = setting(1, "how many", low=1, high=9)
    share: float = setting(0.5, "which part")
    on: bool = setting(False, "whether")
    kind: str = setting("x", "which", choices=("x", "y"))


@pytest.mark.parametrize(
    "name", ["plain", 'quo"ted', "back\\slash", "line\nbreak", "tab\tbed", "ünï ☂", "", "\x00\x1f\x7f", "# no comment"]
)
def test_settings_survive_toml(name):
    example = Example(name=name, count=3, share=1e-7, on=True, kind="y")
    assert from_dict(Example, tomllib.loads(to_toml(example, "a title"))) == example


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"count": 0}, "count must be at least 1. Got 0."),
        ({"count": 10}, "count must be at most 9"),
        ({"count": True}, "count must be a whole number"),
        ({"count": "3"}, "count must be a whole number. Got '3'"),
        ({"share": float("nan")}, "share must be a number"),
        ({"on": 1}, "on must be true or false"),
        ({"kind": "z"}, "no value of kind is called 'z'"),
        ({"cuont": 1}, "Did you mean count"),
    ],
)
def test_settings_that_cannot_be_meant(values, says):
    with pytest.raises(UsageError, match=says.replace(".", r"\.")):
        from_dict(Example, values)


def test_whole_numbers_are_numbers_and_broken_toml_is_said(tmp_path):
    assert from_dict(Example, {"share": 1}).share == 1.0
    (tmp_path / "x.toml").write_text("a = ")
    with pytest.raises(UsageError, match="not valid TOML"):
        read_toml(tmp_path / "x.toml")


def test_draws_are_known_and_depend_on_nothing_but_their_key():
    assert key(1, 2, "flip") == 1728463051457559988  # recorded: another value would change every run there ever was
    assert uniform(7, 3, torch.arange(2), "flip", 2).flatten().tolist() == [
        0.8527716994285583, 0.003943920135498047, 0.07594257593154907, 0.20812588930130005,
    ]  # fmt: skip
    indices = torch.arange(1000)
    draws = uniform(7, 3, indices, "flip", 4)
    shuffled = torch.randperm(1000, generator=torch.Generator().manual_seed(0))
    assert torch.equal(uniform(7, 3, shuffled, "flip", 4), draws[shuffled])
    assert torch.equal(uniform(7, 3, indices[5:6], "flip", 4), draws[5:6])
    for other in (uniform(8, 3, indices, "flip", 4), uniform(7, 4, indices, "flip", 4), uniform(7, 3, indices, "crop", 4)):
        assert not torch.equal(other, draws)


def test_draws_are_uniform_and_independent():
    draws = uniform(0, 0, torch.arange(200_000), "x", 3)
    assert draws.min() >= 0
    assert draws.max() < 1
    # four standard errors of the mean of 200,000 uniform numbers
    assert torch.allclose(draws.mean(0), torch.full((3,), 0.5), atol=4 * 12**-0.5 / 200_000**0.5)
    assert (torch.corrcoef(draws.T) - torch.eye(3)).abs().max() < 0.01
    neighbours = torch.corrcoef(torch.stack([draws[:-1, 0], draws[1:, 0]]))[0, 1]
    assert abs(neighbours) < 0.01
    counts = torch.histc(draws[:, 0], 64, 0, 1)
    chi2 = ((counts - 3125) ** 2 / 3125).sum()
    assert 20 < chi2 < 120  # 63 degrees of freedom: 63 ± 5 standard deviations of 11


def test_permutations_are_whole_and_differ_by_epoch():
    a, b = permutation(0, 0, 100), permutation(0, 1, 100)
    assert torch.equal(a.sort().values, torch.arange(100))
    assert not torch.equal(a, b)
    assert torch.equal(a, permutation(0, 0, 100))


def test_progress_never_touches_stdout_and_is_quiet_when_quick(capsys, monkeypatch):
    with progress.Progress("train", 10) as bar:
        bar.skip(2)
        bar.update(5, "loss 1")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.Progress("train", 10, every=0.0) as bar:
        bar.update(5, "loss 1")
    assert "train 5/10" in sys.stderr.getvalue()
    assert "loss 1" in sys.stderr.getvalue()


def test_devices():
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(UsageError, match="device 'warp' cannot be used here"):
        pick_device("warp")
    keep_large_buffers()
    assert {"processor", "threads", "torch"} <= set(hardware())
