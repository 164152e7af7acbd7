"""`clearsight look augment`: changed training pictures on a sheet."""

import json

from PIL import Image


def test_augment(clearsight, tmp_path):
    said = clearsight("look", "augment", "digits", "--augment", "rotate:30 erase", "--pictures", "5", "--out", "sheet.png", "--json")
    assert said.code == 0 and [row["change"] for row in json.loads(said.out)] == ["rotate:30", "erase:0.25"], said.err
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.width > 8 * 96
    said = clearsight("look", "augment", "digits", "--augment", "flip", "--pictures", "3")
    assert said.code == 0 and "figure     look-augment-digits.png" in said.err and (tmp_path / "look-augment-digits.png").is_file()
    assert clearsight("look", "augment", "digits", "--augment", "turn", "--out", "x.png").code == 2
