"""`clearsight check`: what poisons a data set."""

import json

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
