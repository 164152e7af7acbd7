"""`clearsight look network`: a network as blocks."""

import json


def test_blocks_and_their_figure(clearsight, tmp_path):
    said = clearsight("look", "network", "googlenet", "--out", tmp_path / "net.svg")
    assert said.code == 0, said.err
    assert "inception4a" in (tmp_path / "net.svg").read_text() and "6,624,904 parameters" in said.out
    found = json.loads(clearsight("look", "network", "resnet18", "--json").out)
    assert (found["parameters"], found["auxiliary"], found["depth"], found["residual_sums"]) == (11_689_512, 0, 18, 8)
    assert [(block["kind"], block["times"]) for block in found["blocks"]][:3] == [("CONV", 1), ("MAX POOL", 1), ("BasicBlock", 2)]
    assert clearsight("look", "network", "resnet1").code == 2
