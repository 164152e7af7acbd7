"""`clearsight verify`: the stored probabilities are computed again, and a damaged file is named."""

import json


def test_it_is_verified_until_a_bit_is_another(clearsight, trained, tmp_path):
    said = clearsight("verify", trained["run"], "--json")
    assert said.code == 0 and json.loads(said.out)["ok"]
    weights = tmp_path / trained["run"] / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    broken = clearsight("verify", trained["run"])
    assert broken.code == 1 and "damaged" in broken.err
