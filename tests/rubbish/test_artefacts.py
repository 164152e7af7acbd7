"""A classifier on disk that is damaged, that lies, or that was made to do harm: one line that names the file, and nothing else."""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearsight import models
from clearsight.base.errors import ClearsightError, CorruptFile, UsageError
from clearsight.base.files import digest
from clearsight.classifier import Classifier, artefact
from clearsight.images.preprocess import Preprocessing

from .bad import REFUSED
from .mutants import ROOT

FIELDS = ("format", "format_version", "architecture", "classes", "preprocessing", "temperature", "weights", "golden", "facts", "made_with")
HARMLESS = ("made_with", "facts", "golden", "classes", "preprocessing", "temperature")  # some of the rubbish may be meant there
RUBBISH: dict[str, Any] = {
    "null": None, "true": True, "zero": 0, "below zero": -1, "a fraction": 1.5, "nan": float("nan"), "inf": float("inf"),
    "2¹⁰⁰⁰⁰": 2**10_000,
    "1e300": 1e300, "1e-300": 1e-300, "empty": "", "text": "x", "up": "../../outside", "root": "/etc/passwd", "nul": "a\0b",
    "lines": "a\nb\x1b[31m",
    "surrogate": "\ud800", "long": "x" * 100_000, "list": [], "lists": [[1], [2]], "table": {}, "tables": {"a": {"b": 1}},
    "deep": json.loads("[" * 400 + "]" * 400), "nulls": [None] * 3, "ones": [1] * 3, "names": ["a", "a", "b"],
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "saved"
    model = models.build("pixels", 3, channels=3, height=4, width=4, seed=0)
    preprocessing = Preprocessing(channels=3, height=4, width=4, mean=(0.5,) * 3, std=(0.25,) * 3)
    classifier = Classifier(model, preprocessing, ("cat", "dog", "Kätzchen"), architecture="pixels", facts={"data": "pets"})
    artefact.save(
        classifier, folder, golden_samples=[np.random.default_rng(i).integers(0, 256, (6, 5, 3), dtype=np.uint8) for i in range(2)]
    )
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    shutil.copytree(made, tmp_path / "in" / "saved")
    (tmp_path / "outside").write_text("secret")
    return tmp_path / "in" / "saved"


def config_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "config.json").read_text())


def sign(folder: Path, config: dict[str, Any]) -> None:
    """What somebody who means harm does: every digest is right."""
    (folder / "config.json").write_text(json.dumps(config | {"sha256": artefact.config_digest(config)}))


OPENED: list[str] = []
sys.addaudithook(lambda event, values: OPENED.append(str(values[0])) if event == "open" else None)


def verified(folder: Path) -> artefact.Verification | str:
    """What `verify` says, or its error; an AssertionError when anything else happens."""
    OPENED.clear()
    before = {path: path.lstat().st_mtime_ns for path in folder.parent.parent.rglob("*")}
    try:
        return artefact.verify(folder)
    except ClearsightError as error:
        said = str(error)
        assert str(folder) in said and said.isprintable() and len(said) < len(str(folder)) * 3 + 900, said
        return f"{type(error).__name__} {said}"
    finally:
        assert before == {path: path.lstat().st_mtime_ns for path in folder.parent.parent.rglob("*")}
        outside = [
            path for path in OPENED if path.startswith((str(folder.parent.parent), "/etc", "/dev")) and not path.startswith(str(folder))
        ]
        assert not outside, outside


def test_the_folder_itself_is_fine(folder):
    assert verified(folder).ok


FILES = ("config.json", "model.safetensors", "golden/00.png", "golden/01.png")


def flips_and_cuts(folder: Path, n: int) -> int:
    """Flip a bit, or cut off, `n` times; the number of times that it was noticed."""
    draw = random.Random(n)
    whole = {name: (folder / name).read_bytes() for name in FILES}
    original, noticed = config_of(folder), 0
    for i in range(n):
        name = FILES[i % len(FILES)]
        data = bytearray(whole[name])
        if i % 5 == 0:
            del data[draw.randrange(len(data)) :]
        else:
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        (folder / name).write_bytes(data)
        found = verified(folder)
        # 1e-05 and 1E-05 are one number; a file without its last line end says the same
        same = name == "config.json" and not isinstance(found, str) and config_of(folder) == original
        noticed += isinstance(found, str) or same
        assert same or isinstance(found, str), (name, i)
        (folder / name).write_bytes(whole[name])
    return noticed


def test_flips_and_cuts_are_noticed(folder):
    assert flips_and_cuts(folder, 100) == 100


@pytest.mark.slow
def test_a_thousand_flips_and_cuts_are_noticed(folder):
    assert flips_and_cuts(folder, 1000) == 1000


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["missing", "empty", "folder", "pipe", "link out", "link to /dev/zero", "loop", "huge", "rubbish"])
def test_a_file_that_is_none(folder, name, how):
    path = folder / name
    data = path.read_bytes()
    path.unlink()
    outside = folder.parent.parent / "outside"
    {
        "missing": lambda: None,
        "empty": path.touch,
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "link out": lambda: (outside.write_bytes(data), path.symlink_to(outside)),
        "link to /dev/zero": lambda: path.symlink_to("/dev/zero"),
        "loop": lambda: path.symlink_to(path.name),
        "huge": lambda: (path.write_bytes(data), os.truncate(path, 2**40)),
        "rubbish": lambda: path.write_bytes(b"\xff\0" * 99),
    }[how]()
    assert isinstance(verified(folder), str)
    if how == "link out":  # a link that stays inside is a file like any other
        path.unlink()
        (folder / "elsewhere").write_bytes(data)
        path.symlink_to(folder / "elsewhere")
        assert verified(folder).ok


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of every value inside `value`; of a list's the first and last."""
    inside = value.items() if isinstance(value, dict) else [(0, value[0]), (-1, value[-1])] if isinstance(value, list) and value else []
    return ([at] if at else []) + [place for name, part in inside for place in places(part, (*at, name))]


@pytest.mark.parametrize("field", FIELDS)
def test_rubbish_in_any_place_of_the_config_is_said_or_does_no_harm(folder, field):
    whole = config_of(folder)
    for place in (place for place in places(whole) if place[0] == field):
        for rubbish in [*RUBBISH.values(), KeyError]:
            config = json.loads(json.dumps(whole))
            table: Any = config
            for name in place[:-1]:
                table = table[name]
            if rubbish is KeyError:
                del table[place[-1]]
            else:
                table[place[-1]] = rubbish
            sign(folder, config)
            found = verified(folder)
            assert isinstance(found, str) or field in HARMLESS or place == ("weights", "file"), place  # the weights' name is ours


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda c: c.update(format="other"), CorruptFile, "does not describe"),
        (lambda c: c.update(format_version=99), ClearsightError, "Update Clearsight"),
        (lambda c: c.update(format_version=True), CorruptFile, "no whole number from 1 on"),
        (lambda c: c.pop("classes"), CorruptFile, "its 'classes' is missing or of the wrong kind"),
        (lambda c: c.update(classes=["cat", "dog", "cat"]), CorruptFile, "each of them once"),
        (lambda c: c.update(classes="cat"), CorruptFile, "its 'classes' is missing or of the wrong kind"),
        (lambda c: c.update(architecture="lenet5"), CorruptFile, "its 'architecture' is missing or of the wrong kind"),
        (lambda c: c["architecture"].update(name="pixel"), CorruptFile, "Did you mean pixels"),
        (lambda c: c["architecture"].update(height=5), CorruptFile, "of another size than its network takes"),
        (lambda c: c["architecture"].update(channels=True), CorruptFile, "its 'channels' is missing"),
        (lambda c: c["preprocessing"].update(mean="123"), CorruptFile, "mean must be a list of numbers"),
        (lambda c: c["preprocessing"].update(std=[1e-320] * 3), CorruptFile, "std must be at least"),
        (lambda c: c["classes"].append("fish"), CorruptFile, r"Only the network has: .*\(4, 48\).* Only the file has: .*\(3, 48\)"),
        (lambda c: c["golden"][0].update(file="../../../etc/passwd"), CorruptFile, "must be golden/NAME.png"),
        (lambda c: c["golden"][0].update(file="golden/../../outside"), CorruptFile, "must be golden/NAME.png"),
        (lambda c: c["golden"][0].update(probabilities=[float("nan")] * 3), CorruptFile, "needs 3 probabilities"),
        (lambda c: c["golden"][0].update(probabilities=[0.5, 0.5]), CorruptFile, "needs 3 probabilities"),
        (lambda c: c.update(golden=c["golden"] * 501), CorruptFile, "at most 1000"),
        (lambda c: c.update(temperature=float("nan")), CorruptFile, "temperature"),
        (lambda c: c["weights"].update(sha256="0" * 64), CorruptFile, "damaged"),
    ],
)
def test_a_config_that_lies_gets_one_clear_line(folder, change, error, says):
    config = config_of(folder)
    change(config)
    sign(folder, config)
    with pytest.raises(error, match=says) as caught:
        artefact.verify(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "\x00", '{"format": "clearsight-classifier"}', "[" * 100_000, '{"a":' * 100_000, "1" * 100_000, "1e999999999",
     '"' + "x" * 1_000_000, "\ufeff{}"],
)  # fmt: skip
def test_a_config_that_is_rubbish_gets_one_clear_line(folder, text):
    (folder / "config.json").write_text(text, encoding="utf-8")
    assert "CorruptFile" in verified(folder)


def test_one_name_for_two_values_is_refused(folder):
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(text.replace('"temperature"', '"temperature": 2.0,\n  "temperature"', 1))
    assert "given twice" in verified(folder)


def tensors(table: Any, size: int = 588, *, length: int | None = None) -> bytes:
    text = table if isinstance(table, bytes) else json.dumps(table).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(size)


def weight(**changes: Any) -> bytes:
    """What the network of `made` takes, with another entry for its weight."""
    entry = {"dtype": "F32", "shape": [3, 48], "data_offsets": [0, 576]} | changes
    return tensors({"linear.weight": entry, "linear.bias": BIAS})


BIAS = {"dtype": "F32", "shape": [3], "data_offsets": [576, 588]}
LIES = {
    "nothing": b"",
    "eight bytes": bytes(8),
    "a header of 16 EB": tensors({}, length=2**64 - 1),
    "a header longer than the file": tensors({}, length=1000),
    "a header of 90 MB that is not there": tensors({}, length=90_000_000),
    "no JSON": tensors(b"{{{{"),
    "a list": tensors([1, 2]),
    "deep": tensors(b'{"a":' * 10_000),
    "no UTF-8": tensors(b'{"\xff\xfe": 1}'),
    "one name twice": tensors(b'{"linear.bias": %b, "linear.bias": %b}' % ((json.dumps(BIAS).encode(),) * 2)),
    "overlapping": weight(data_offsets=[12, 588]),
    "a hole": weight(data_offsets=[0, 500]),
    "backwards": weight(data_offsets=[576, 0]),
    "offsets behind the end": weight(data_offsets=[0, 2**60]),
    "offsets below 0": weight(data_offsets=[-8, 568]),
    "offsets that are fractions": weight(data_offsets=[0.5, 576.5]),
    "another dtype of that size": weight(dtype="I32"),
    "half the dtype": weight(dtype="F16", shape=[6, 48]),
    "no such dtype": weight(dtype="F33"),
    "a dtype that Python has not": weight(dtype="F8_E8M0", shape=[12, 48]),
    "a dtype of half a byte": weight(dtype="F4", shape=[24, 48]),
    "another shape of that size": weight(shape=[48, 3]),
    "a shape that overflows": weight(shape=[2**32, 2**32]),
    "a shape of a million dimensions": weight(shape=[1] * 1_000_000 + [144]),
    "a shape below 0": weight(shape=[-3, -48]),
    "a tensor too few": tensors({"linear.bias": BIAS | {"data_offsets": [0, 12]}}, 12),
    "a tensor too many": tensors({"a\nb" * 9999: BIAS, "linear.weight": {"dtype": "F32", "shape": [3, 48], "data_offsets": [0, 576]}}),
    "metadata of numbers": tensors({"__metadata__": {"a": 1}, "linear.bias": BIAS | {"data_offsets": [0, 12]}}, 12),
    "a ZIP, as torch.save makes": b"PK\3\4" + bytes(600),
    "a pickle": b"\x80\2cos\nsystem\nX\1\0\0\0xtR.",
}  # fmt: skip


def take(folder: Path, weights: bytes) -> None:
    (folder / "model.safetensors").write_bytes(weights)
    config = config_of(folder)
    config["weights"]["sha256"] = digest(weights)
    sign(folder, config)


@pytest.mark.parametrize("lie", LIES)
def test_weights_that_lie_under_a_right_digest(folder, lie):
    take(folder, LIES[lie])
    assert "model.safetensors" in verified(folder)


def test_weights_changed_under_a_right_digest_load_or_are_refused(folder):
    draw = random.Random(0)
    whole = (folder / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    refused = 0
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(draw.choice((1, 2, 8))):
            data[draw.randrange(start)] = draw.randrange(256)
        take(folder, bytes(data))
        refused += isinstance(verified(folder), str)
    assert refused > 150


@pytest.mark.parametrize("name", [name for name in REFUSED if name.startswith(("png", "jpeg, h", "text"))])
def test_golden_pictures_that_are_none_under_a_right_digest(folder, name):
    picture = REFUSED[name][0]
    (folder / "golden" / "00.png").write_bytes(picture)
    config = config_of(folder)
    config["golden"][0]["sha256"] = digest(picture)
    sign(folder, config)
    assert "golden/00.png" in verified(folder)


def test_nothing_is_written_through_a_link(made, folder):
    outside = folder.parent.parent / "elsewhere"
    outside.mkdir()
    shutil.rmtree(folder / "golden")
    (folder / "golden").symlink_to(outside)
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(folder.parent.parent / "outside")
    with pytest.raises(ClearsightError, match="golden is a link"):
        artefact.save(artefact.load(made), folder, golden_samples=[np.zeros((4, 4, 3), np.uint8)])
    assert not list(outside.iterdir())
    (folder / "golden").unlink()
    artefact.save(artefact.load(made), folder)
    assert (folder.parent.parent / "outside").read_text() == "secret" and not (folder / "README.md").is_symlink()


def test_a_folder_without_a_classifier_is_wrong_usage(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=r"clearsight train"):
            artefact.load(folder)


FLOODS = {
    "a million classes": lambda config: config.update(classes=[f"class {i}" for i in range(1_000_000)]),
    "a network of 8192×8192": lambda config: [config[table].update(height=8192, width=8192) for table in ("architecture", "preprocessing")],
    "eight million lists": lambda config: config.update(facts={"a": [[]] * 8_000_000}),
}


@pytest.mark.parametrize("flood", [flood if "million" not in flood else pytest.param(flood, marks=pytest.mark.slow) for flood in FLOODS])
def test_memory_stays_bounded(folder, flood):
    config = config_of(folder)
    FLOODS[flood](config)
    text = json.dumps(config | {"sha256": artefact.config_digest(config)}, separators=(",", ":"))
    (folder / "config.json").write_text(text)
    script = (
        "import sys\nfrom clearsight.base.errors import ClearsightError\nfrom clearsight.classifier import artefact\n"
        "from tests.rubbish.contract import memory\nbefore = memory('VmHWM')\n"
        "try:\n    artefact.verify(sys.argv[1])\nexcept ClearsightError as error:\n    print(error, file=sys.stderr)\n"
        "print(memory('VmHWM') - before)"
    )
    done = subprocess.run([sys.executable, "-c", script, folder], cwd=ROOT, capture_output=True, text=True, check=True)
    print(done.stdout)
    assert int(done.stdout) < 1_500_000_000
    assert (len(done.stderr.splitlines()) == 1) == (flood != "eight million lists"), done.stderr[:1000]
