"""The Open Inference Protocol: the same probabilities for arrays and encoded pictures, in JSON and in binary."""

import json

import numpy as np
import torch

from clearsight.classifier import load

from ..conftest import CLASSES, on, picture, png

INFER = "/v2/models/pets/infer"
BATCH = np.stack([picture(n, 33) for n in range(3)])
ENCODED = b"".join(len(data).to_bytes(4, "little") + data for data in (png(one) for one in BATCH))
HEADER = "Inference-Header-Content-Length"


def tensor(shape, kind="UINT8", **more):
    return {"name": "x", "datatype": kind, "shape": list(shape), **more}


def binary(asked, after):
    text = json.dumps(asked).encode()
    return {"content": text + after, "headers": {HEADER: str(len(text))}}


def test_all_ways_in_and_out_give_the_classifiers_probabilities(artefacts):
    size = {"parameters": {"binary_data_size": BATCH.size}}
    strings = {"parameters": {"binary_data_size": len(ENCODED)}}
    out = {"outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}]}
    requests = [
        {"json": {"id": "7", "inputs": [tensor(BATCH.shape, data=BATCH.tolist())]}},
        {"json": {"inputs": [tensor(BATCH.shape, data=BATCH.ravel().tolist())]}},
        binary({"inputs": [tensor(BATCH.shape, **size)]}, BATCH.tobytes()),
        binary({"inputs": [tensor([3], "BYTES", **strings)]}, ENCODED),
        binary({"inputs": [tensor(BATCH.shape, **size)], **out}, BATCH.tobytes()),
        binary({"inputs": [tensor(BATCH.shape, **size)], "parameters": {"binary_data_output": True}}, BATCH.tobytes()),
    ]

    async def ask(here):
        about = [(await here.client.get(path)).json() for path in ("/v2", "/v2/models/pets", "/v2/models/pets/ready", "/v2/health/ready")]
        return [await here.client.post(INFER, **request) for request in requests], about

    answers, about = on(ask, artefacts / "pets")
    ours = load(artefacts / "pets")
    wanted = ours.probabilities(torch.stack([ours.preprocessing.load(png(one)) for one in BATCH])).numpy()
    labels = [CLASSES[i] for i in wanted.argmax(1)]
    assert [answer.status_code for answer in answers] == [200] * 6
    for answer in answers[:4]:
        told = answer.json()
        assert (told["model_name"], told["outputs"][1]["data"]) == ("pets", labels)
        np.testing.assert_allclose(np.reshape(told["outputs"][0]["data"], told["outputs"][0]["shape"]), wanted, atol=1e-5)
    assert answers[0].json()["id"] == "7"
    for answer in answers[4:]:
        size = int(answer.headers[HEADER])
        told, raw = json.loads(answer.content[:size]), answer.content[size:]
        assert told["outputs"][0]["parameters"] == {"binary_data_size": 36}
        np.testing.assert_allclose(np.frombuffer(raw[:36], "<f4").reshape(3, 3), wanted, atol=1e-5)
    assert raw[36:] == b"".join(len(name).to_bytes(4, "little") + name.encode() for name in labels)
    assert about[0]["extensions"] == ["binary_tensor_data"] and about[1]["inputs"][0]["shape"] == [-1, -1, -1, 1]
    assert about[2] == about[3] == {"ready": True}


ONE = [1, 2, 2, 1]


REFUSED = [
    (b"[", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    ([], "one input"),
    ({"inputs": []}, "one input"),
    ({"inputs": [1]}, "one input"),
    ({"inputs": [tensor([])]}, "whole numbers from 1 on"),
    ({"inputs": [tensor([1, -1, 2, 1])]}, "whole numbers from 1 on"),
    ({"inputs": [tensor([True, 2, 2, 1])]}, "whole numbers from 1 on"),
    ({"inputs": [tensor([2000, 1, 1, 1], data=[0])]}, "1,000 pictures"),
    ({"inputs": [tensor([900, 2**30, 2**30, 3], data=[0])]}, "67,108,864 values"),
    ({"inputs": [tensor([2, 2, 1], data=[1, 2, 3, 4])]}, "An input is UINT8"),
    ({"inputs": [tensor(ONE, "FP32", data=[1, 2, 3, 4])]}, "An input is UINT8"),
    ({"inputs": [tensor(ONE, data=[1, 2, 3])]}, "needs 4 values. Got 3"),
    ({"inputs": [tensor(ONE, data=[0.1, 2, 3, 4])]}, "not normalised"),
    ({"inputs": [tensor(ONE, data=[1, 2, 3, 256])]}, "not normalised"),
    ({"inputs": [tensor(ONE, data=[[1, 2], [3]])]}, "not normalised"),
    ({"inputs": [tensor(ONE, data=None)]}, "not normalised"),
    ({"inputs": [tensor(ONE, data="/etc/passwd")]}, "not normalised"),
    ({"inputs": [tensor(ONE, parameters={"binary_data_size": 4})]}, "binary_data_size must be 0"),
    ({"inputs": [tensor([1], "BYTES", data=["abcd"])]}, "binary extension only"),
    ({"inputs": [tensor(ONE, data=[1, 2, 3, 4])], "outputs": [{"name": "x"}]}, "outputs must be"),
    ({"inputs": [tensor(ONE, data=[1, 2, 3, 4])], "outputs": 5}, "outputs must be"),
    ({"inputs": [tensor([1, 1, 1, 2], data=[1, 2])]}, "picture 0:"),
]  # fmt: skip


def test_anything_else_is_refused_in_a_line(artefacts):
    async def ask(here):
        bodies = [asked if isinstance(asked, bytes) else json.dumps(asked).encode() for asked, _ in REFUSED]
        return [await here.client.post(INFER, content=body) for body in bodies]

    for answer, (asked, says) in zip(on(ask, artefacts / "pets"), REFUSED, strict=True):
        assert answer.status_code in (400, 413) and says in answer.json()["error"], asked


def test_binary_damage_is_refused(artefacts):
    strings = {"inputs": [tensor([3], "BYTES", parameters={"binary_data_size": len(ENCODED) - 1})]}
    four = {"inputs": [tensor([4], "BYTES", parameters={"binary_data_size": len(ENCODED)})]}

    async def ask(here):
        return [
            await here.client.post(INFER, **binary(strings, ENCODED[:-1])),
            await here.client.post(INFER, **binary(four, ENCODED)),
            await here.client.post(INFER, content=b"{}", headers={HEADER: "3"}),
            await here.client.post(INFER, content=b"{}", headers={HEADER: "-1"}),
            await here.client.post(INFER, content=b" " * (2**22 + 1)),
        ]

    assert [answer.status_code for answer in on(ask, artefacts / "pets")] == [400, 400, 400, 400, 413]
