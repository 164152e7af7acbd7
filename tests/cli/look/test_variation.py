"""`clearsight look variation`: the members of a class that differ most."""

import json


def test_the_members_of_a_class(clearsight, tmp_path):
    words = ("digits", "--input", "8x8x1", "--pictures", "60", "-q")
    said = clearsight("look", "variation", "pixels", *words, "--class", "1", "--most", "4", "--out", tmp_path / "ones.png", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["class"] == "1" and len(found["members"]) == 4 and len(found["spreads"]) >= 9
    assert 0 < found["spread"] < 1 and (tmp_path / "ones.png").stat().st_size > 3000
    told = clearsight("look", "variation", "pixels", *words).out
    assert max(found["spreads"], key=found["spreads"].get) == told.partition(":")[0]
    assert clearsight("look", "variation", "pixels", *words, "--class", "eleven").code == 2
