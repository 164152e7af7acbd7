"""`clearsight look summary`: a network layer by layer."""

import json


def test_layers_with_their_memory(clearsight):
    said = json.loads(clearsight("look", "summary", "alexnet", "--json").out)
    assert said["parameters"] == 61_100_840 and set(said["layers"][0]) == {"name", "kind", "output", "parameters", "macs"}
    told = next(line for line in clearsight("look", "summary", "alexnet").out.splitlines() if "CONV1" in line)
    assert f"{4 * 64 * 55 * 55 / 1000:,.1f}" in told.split()
