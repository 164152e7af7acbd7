"""A tiny exported file written node by node, without torch's exporter, and the classifier that it must agree with."""

from collections import OrderedDict

import torch
from torch import nn

from clearsight.classifier import Classifier
from clearsight.classifier.uncertainty import Calibration, Reference
from clearsight.classifier.uncertainty.novelty import stored
from clearsight.exports.manifest import properties
from clearsight.images.preprocess import Preprocessing

CLASSES = ("cat", "dog", "eel")
SIZE, TEMPERATURE = 6, 0.7


class Means(nn.Module):
    """Softmax regression on the mean of each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        with torch.no_grad():
            self.fc.weight.copy_(torch.tensor([[2.0, -1, 0], [0, 3, -2], [-1, 0, 2]]))
            self.fc.bias.copy_(torch.tensor([0.1, 0, -0.2]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x.mean((2, 3)))


def classifier(crop_fraction: float = 1.0) -> Classifier:
    preprocessing = Preprocessing(3, SIZE, SIZE, mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3), crop_fraction=crop_fraction)
    made = Classifier(Means(), preprocessing, CLASSES, temperature=TEMPERATURE, architecture="means")
    made.weights_digest = "ab" * 32
    pictures = torch.randint(0, 256, (40, 3, SIZE, SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    logits, features = made.logits_and_inputs(pictures, "fc")
    known = stored("fc", features)
    scores = known.without_own(features, torch.arange(40), torch.arange(40)).numpy()
    labels = torch.arange(40) % 3
    of_truth = torch.softmax(logits / TEMPERATURE, 1).gather(1, labels[:, None])[:, 0]
    calibration = Calibration((1 - of_truth).numpy(), labels.numpy(), "validation")
    made.reference = Reference(type(known)(known.layer, known.mean, known.vectors, scores, "validation"), calibration)
    return made


def written(of: Classifier, inside: str = "fitted", **changed: object) -> bytes:
    """The bytes of an ONNX file; with `pictures` inside it crops the centre, which is its preprocessing."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    p, fc, novelty = of.preprocessing, of.model.fc, of.reference.novelty
    inverse = 1 / (255 * torch.tensor(p.std))
    values = OrderedDict(
        scale=inverse, shift=torch.tensor(p.mean) / torch.tensor(p.std), w=fc.weight.detach() / of.temperature,
        b=fc.bias.detach() / of.temperature, centre=novelty.mean, directions=novelty._directions, axes=torch.tensor([1]),
        starts=torch.tensor([1, 1]), ends=torch.tensor([1 + SIZE, 1 + SIZE]), last=torch.tensor([1, 2]), one=torch.tensor(1.0),
        deep=torch.tensor([2, 3]),
    )  # fmt: skip
    nodes = []

    def node(kind: str, inputs: str, output: str, **attributes: object) -> None:
        nodes.append(helper.make_node(kind, inputs.split(), [output], **attributes))

    source, shape = ("fitted", ["n", 3, SIZE, SIZE]) if inside == "fitted" else ("pictures", ["n", "h", "w", 3])
    if inside == "pictures":
        node("Slice", "pictures starts ends last", "cut")
        node("Transpose", "cut", "fit", perm=[0, 3, 1, 2])
    node("Cast", source if inside == "fitted" else "fit", "levels", to=TensorProto.FLOAT)
    node("ReduceMean", "levels deep", "means", keepdims=0)
    node("Mul", "means scale", "scaled")
    node("Sub", "scaled shift", "features")
    node("Gemm", "features w b", "logits", transB=1)
    node("Softmax", "logits", "probabilities", axis=1)
    node("Sub", "features centre", "moved")
    node("LpNormalization", "moved", "direction", axis=1, p=2)
    node("MatMul", "direction directions", "cosines")
    node("ReduceMax", "cosines axes", "nearest", keepdims=0)
    node("Sub", "one nearest", "novelty")
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in (("probabilities", ["n", 3]), ("novelty", ["n"]))
    ]
    graph = helper.make_graph(
        nodes, "means", [helper.make_tensor_value_info(source, TensorProto.UINT8, shape)], outputs,
        [numpy_helper.from_array(value.numpy(), name) for name, value in values.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, properties(of, inside, ("probabilities", "novelty"), changed))
    onnx.checker.check_model(model)
    return model.SerializeToString()
