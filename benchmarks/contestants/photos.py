"""Photographs by the peers' own guides, all on EfficientNet-Lite0: python photos.py CONTESTANT FOLDER WEIGHTS EPOCHS SEED.

FOLDER has train/CLASS/ and test/CLASS/, and test.txt, the order in which test pictures are answered. WEIGHTS is a file of timm's
tf_efficientnet_lite0. Writes answers.npy, float32 probabilities (N, K), classes in alphabetical order. EPOCHS 0 is the guide's number.

python photos.py translate FILE OUT      # the file of the package as one of timm
python photos.py logits WEIGHTS INPUTS   # timm's logits of INPUTS, .npy (N, 3, 224, 224), into answers.npy
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from shims import import_torchvision

os.environ.setdefault("KERAS_BACKEND", "torch")

NETWORK, SIZE = "tf_efficientnet_lite0", 224
Answers = tuple[np.ndarray, dict[str, float]]


def network(weights: str, classes: int = 1000) -> Any:
    """timm's network with the weights of the file, and a new head unless there are 1,000 classes."""
    import timm

    made = timm.create_model(NETWORK, pretrained=True, pretrained_cfg_overlay={"file": weights})
    if classes != 1000:
        made.reset_classifier(classes)
    return made


def listed(folder: Path) -> list[Path]:
    """The test pictures in their order."""
    return [folder / line for line in (folder / "test.txt").read_text(encoding="utf-8").splitlines()]


def classes_of(folder: Path) -> list[str]:
    """The names of the classes."""
    return sorted(path.name for path in (folder / "train").iterdir())


def translate(file: str, out: str) -> None:
    """Both networks have the same layers in the same order, so values are matched by their place; every shape is checked."""
    import timm
    import torch

    values = [value for name, value in torch.load(file, weights_only=True).items() if not name.endswith("num_batches_tracked")]
    names = [name for name in timm.create_model(NETWORK).state_dict() if not name.endswith("num_batches_tracked")]
    state = timm.create_model(NETWORK).state_dict()
    for name, value in zip(names, values, strict=True):
        assert state[name].shape == value.shape, name
        state[name] = value
    torch.save(state, out)


def logits(weights: str, inputs: str) -> None:
    import torch

    with torch.no_grad():
        np.save("answers.npy", network(weights).eval()(torch.from_numpy(np.load(inputs))).numpy())


def tutorial(folder: Path, weights: str, epochs: int, frozen: bool) -> Answers:
    """PyTorch's *Transfer Learning for Computer Vision Tutorial*, its numbers; colours as the weights expect them.

    Its `val` are the test pictures here, and it keeps the epoch that is best on them, which flatters it: what is compared are the
    answers after the last epoch, and `best_epoch` is the accuracy that it would print.
    """
    import torch
    from torch import nn, optim
    from torchvision import datasets, transforms

    to_tensor = (transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3))
    change = {
        "train": transforms.Compose([transforms.RandomResizedCrop(SIZE), transforms.RandomHorizontalFlip(), *to_tensor]),
        "test": transforms.Compose([transforms.Resize(256), transforms.CenterCrop(SIZE), *to_tensor]),
    }
    parts = {name: datasets.ImageFolder(str(folder / name), change[name]) for name in change}
    loaders = {name: torch.utils.data.DataLoader(part, batch_size=4, shuffle=True, num_workers=4) for name, part in parts.items()}
    model = network(weights)
    for parameter in model.parameters():
        parameter.requires_grad = not frozen
    model.classifier = nn.Linear(model.classifier.in_features, len(parts["train"].classes))
    optimizer = optim.SGD((model.classifier if frozen else model).parameters(), lr=0.001, momentum=0.9)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    best = train_model(model, loaders, optimizer, scheduler, epochs or 25)
    samples = {path: i for i, (path, _) in enumerate(parts["test"].samples)}
    inputs = torch.stack([parts["test"][samples[str(path)]][0] for path in listed(folder)])
    with torch.no_grad():
        return torch.cat([model(some) for some in inputs.split(4)]).softmax(1).numpy(), {"best_epoch": 100 * best}


def train_model(model: Any, loaders: dict[str, Any], optimizer: Any, scheduler: Any, epochs: int) -> float:
    """The tutorial's loop; returns the accuracy of its best epoch. The model stays as after the last one."""
    import torch

    best = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(epochs):
            for phase, loader in loaders.items():
                model.train(phase == "train")
                right = 0
                for inputs, labels in loader:
                    optimizer.zero_grad()
                    with torch.set_grad_enabled(phase == "train"):
                        outputs = model(inputs)
                        loss = torch.nn.functional.cross_entropy(outputs, labels)
                        if phase == "train":
                            loss.backward()
                            optimizer.step()
                    right += int((outputs.argmax(1) == labels).sum())
                if phase == "train":
                    scheduler.step()
                elif right / len(loader.dataset) > best:
                    best = right / len(loader.dataset)
                    torch.save(model.state_dict(), Path(folder) / "best.pt")
    return best


def fastai(folder: Path, weights: str, epochs: int) -> Answers:
    """fastai's `vision_learner(…).fine_tune(epochs)`, everything else its default; a batch is no larger than the training set."""
    import torch
    from fastai.vision.all import ImageDataLoaders, Resize, accuracy, vision_learner

    size = sum(path.is_file() for path in (folder / "train").rglob("*"))
    data = ImageDataLoaders.from_folder(folder, train="train", valid="test", item_tfms=Resize(SIZE), bs=min(64, size))
    cached = {"pretrained_cfg_overlay": {"file": weights}}
    learner = vision_learner(data, NETWORK, metrics=accuracy, **cached)
    assert list(data.vocab) == classes_of(folder)
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(epochs)
        found, _ = learner.get_preds(dl=data.test_dl(listed(folder)))
    return found.to(torch.float32).numpy(), {}


def keras(folder: Path, weights: str, epochs: int) -> Answers:
    """Keras' guide *Transfer learning & fine-tuning*: 20 epochs of a new top, then 10 of everything at 1e-5.

    keras.applications has no EfficientNet-Lite: the network is timm's in a TorchModuleWrapper, Keras' own layer for that. 20 and 10
    are of the guide's earlier version; 2 and 1, as it has now, are for the thousands of pictures of its example.
    """
    import keras

    def read(paths: list[Path]) -> np.ndarray:
        return np.stack([keras.utils.img_to_array(keras.utils.load_img(path, target_size=(SIZE, SIZE))) for path in paths])

    names = classes_of(folder)
    paths = sorted(path for path in (folder / "train").rglob("*") if path.is_file())
    data = read(paths), np.array([names.index(path.parent.name) for path in paths])
    tests = read(listed(folder)), np.array([names.index(path.parent.name) for path in listed(folder)])
    body = network(weights)
    body.reset_classifier(0)
    base = keras.layers.TorchModuleWrapper(body, output_shape=(None, body.num_features))
    base.trainable = False
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.RandomRotation(0.1)(keras.layers.RandomFlip("horizontal")(inputs))
    x = keras.layers.Permute((3, 1, 2))(keras.layers.Rescaling(1 / 127.5, offset=-1)(x))
    x = keras.layers.Dropout(0.2)(base(x, training=False))
    model = keras.Model(inputs, keras.layers.Dense(len(names))(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    before = next(body.parameters()).detach().clone()
    for trainable, optimizer, count in ((False, keras.optimizers.Adam(), 20), (True, keras.optimizers.Adam(1e-5), 10)):
        base.trainable = trainable
        for parameter in body.parameters():
            parameter.requires_grad = trainable
        model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
        model.fit(*data, batch_size=64, epochs=epochs or count, validation_data=tests, verbose=0)
        assert bool((before != next(body.parameters())).any()) is trainable  # the wrapper's weights are Keras' to train, or not
    found = np.asarray(model.predict(tests[0], verbose=0), np.float64)
    shifted = np.exp(found - found.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True), {}


CONTESTANTS: dict[str, Callable[[Path, str, int], Answers]] = {
    "tutorial-frozen": lambda folder, weights, epochs: tutorial(folder, weights, epochs, frozen=True),
    "tutorial": lambda folder, weights, epochs: tutorial(folder, weights, epochs, frozen=False),
    "fastai-3": lambda folder, weights, epochs: fastai(folder, weights, epochs or 3),
    "fastai-10": lambda folder, weights, epochs: fastai(folder, weights, epochs or 10),
    "keras": keras,
}


def main(what: str, *words: str) -> None:
    import_torchvision()  # timm imports it
    if what in ("translate", "logits"):
        {"translate": translate, "logits": logits}[what](*words)
        print("{}")
        return
    folder, weights, epochs, seed = words
    import torch

    torch.manual_seed(int(seed))
    np.random.seed(int(seed))
    answers, more = CONTESTANTS[what](Path(folder), weights, int(epochs))
    np.save("answers.npy", answers.astype(np.float32))
    print(json.dumps(more))


if __name__ == "__main__":
    main(*sys.argv[1:])
