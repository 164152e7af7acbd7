"""`clearsight labels worth`: the gain from more labels."""

import json

from tests.pictures import digit_folder


def test_worth_is_told(clearsight, tmp_path):
    digit_folder(tmp_path / "data", per_class=15, classes=3, side=16)
    said = clearsight("labels", "worth", "data", "--more", "40", "-q")
    assert said.code == 0, said.err
    assert "36 labels, features: HOG" in said.out and "40 more labels of" in said.out
    document = clearsight("labels", "worth", "data", "--more", "40", "-q", "--json")
    assert json.loads(document.out)["more"] == 40
    few = clearsight("labels", "worth", "data", "--labels", "3")
    assert few.code == 2 and "at least 10 of every class" in few.err
