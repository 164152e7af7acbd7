"""`clearsight check`: what poisons a data set."""

import json

import numpy as np
import tifffile
from PIL import Image

from tests.pictures import digit_folder


def test_check_finds_what_poisons(clearsight, scans, tmp_path):
    clean = clearsight("check", scans, "--json")
    assert clean.code == 0, clean.out
    assert json.loads(clean.out)["pictures"] == 120
    bad = digit_folder(tmp_path / "bad", per_class=5, classes=3)
    (bad / "one" / "empty.png").touch()
    Image.open(bad / "two" / "0010.png").save(bad / "one" / "copy.png")
    said = clearsight("check", bad, "--json")
    found = json.loads(said.out)
    assert said.code == 1
    assert [row["source"].endswith("one/empty.png") for row in found["unreadable"]] == [True]
    assert {"pictures", "classes", "unreadable", "duplicates", "leaks"} <= set(found)
    assert any({"one/copy.png", "two/0010.png"} <= set(group) for group in found["duplicates"])


def test_check_ends_with_the_layout_and_the_command_to_continue_with(clearsight, scans, tmp_path):
    said = clearsight("check", scans, "-q")
    assert said.out.splitlines()[-2:] == [
        "layout  a folder with a folder of pictures per class, without parts",
        f"next    clearsight train {scans}",
    ]
    bad = digit_folder(tmp_path / "my set", per_class=5, classes=3)
    (bad / "one" / "empty.png").touch()
    assert clearsight("check", bad, "-q").out.splitlines()[-1] == f"next    clearsight train '{bad}' --leave-out unreadable"


def test_check_takes_what_train_takes_on_values_and_bands(clearsight, tmp_path):
    for i, picture in enumerate(np.random.default_rng(0).integers(0, 900, (6, 9, 9, 5)).astype(np.uint16)):
        (tmp_path / "bands" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(tmp_path / "bands" / "ab"[i % 2] / f"{i}.tif", picture, photometric="minisblack", planarconfig="contig")
    said = clearsight("check", "bands", "-q")
    assert said.code == 0 and "black is 0 and white 1023" in " ".join(said.out.split()) and "5 bands each" in said.out
    said = clearsight("check", "bands", "-q", "--range", "0:511", "--bands", "4,3,2")
    text = " ".join(said.out.split())
    assert said.code == 0 and "black is 0 and white 511" in text and "beyond black and white: they are clipped" in text
    assert "bands each" not in text and said.out.splitlines()[-1] == "next    clearsight train bands --bands 4,3,2 --range 0:511"
    said = clearsight("check", "bands", "-q", "--channels", "3")
    assert said.code == 1 and "5 bands, and 3 are wanted" in said.out
    assert "range must be black:white" in clearsight("check", "bands", "--range", "5").err
