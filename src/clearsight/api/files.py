"""`load`, `verify`, `export`, `benchmark`, `split`, `check`: classifiers and data as paths, names or objects."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import torch

from ..base.compute.device import pick_device
from ..base.text.words import parse_bands, parse_range
from ..classifier import Classifier, Verification
from ..classifier.engines.sessions import ENGINES
from ..datasets.check import CheckResult
from ..datasets.check import check as check_parts
from ..datasets.dataset import Parts
from ..datasets.open import open_dataset
from ..datasets.shards.inspection import ShardsCheck
from ..datasets.shards.inspection import check_shards as inspect_shards
from ..datasets.shards.writing import SIZE, Packed, pack
from ..datasets.split import split as split_parts
from ..exports.benchmark import BATCHES, ROUNDS, Timings, timed
from ..exports.golden import verify as verify_model
from ..exports.open import open_classifier
from ..exports.quantisation import TOLERANCE, quantised
from ..exports.write import ExportResult
from ..exports.write import export as export_files
from ..images.deep import Reading
from ..runs.trained import Trained
from .quantising import sample_of
from .settings import SplitSettings
from .sources import Data, Model, data_of, open_model


def load(model: str | Path | Trained, *, device: str | torch.device = "cpu", engine: str = "", allow_code: bool = False) -> Classifier:
    """The classifier in a folder, of an exported file, of an origin such as `torchvision:resnet50`, or of a finished training.

    Digests are checked. `engine` computes the network: torch, onnx (that of exported files) or openvino; `allow_code` lets it import a
    network of your own that it names. Raises UsageError when there is no classifier, CorruptFile when a
    file is not what was written.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> cs.load(run.run).classes[:3]
    ('0', '1', '2')
    """
    folder = str(model.run) if isinstance(model, Trained) else model
    chosen = pick_device(device) if isinstance(device, str) else device
    return open_classifier(folder, device=chosen, engine=engine, allow_code=allow_code)


def verify(
    model: str | Path | Trained, *, device: str | torch.device = "cpu", speed: str = "auto", engine: str = "", allow_code: bool = False
) -> Verification:
    """Whether this machine gives the stored probabilities for the golden pictures of a classifier's folder, or of an exported file.

    `engine` computes the network: torch, onnx or openvino. Raises CorruptFile when a file was changed.

    >>> import clearsight as cs
    >>> cs.verify(cs.train("digits", model="pixels", epochs=1, quiet=True)).ok
    True
    """
    folder = str(model.run) if isinstance(model, Trained) else model
    chosen = pick_device(device) if isinstance(device, str) else device
    return verify_model(folder, device=chosen, speed=speed, engine=engine, allow_code=allow_code)


def export(
    model: Model, path: str | Path | None = None, *, to: str | Sequence[str] = (), int8: bool = False, calibrate: Data | None = None,
    tolerate: float = TOLERANCE, quiet: bool = False, allow_code: bool = False,
) -> ExportResult:  # fmt: skip
    """Write a model as one ONNX file, pictures in and calibrated probabilities out, to a file or folder `path`.

    `to` names kinds of files: `onnx` takes pictures uint8 `(n, height, width, channels)` of any size, `fitted` those that `Preprocessing`
    has fitted, `(n, channels, height, width)`, `pt2` is for PyTorch. Without a `path` it is the folder `export` in the model's own. The
    file is checked against the model before it is written. `int8` writes each file in int8 too, calibrated on the training pictures of
    the model's own data or of `calibrate`, and refuses a loss of more than `tolerate` points of accuracy. Raises UsageError,
    ClearsightError where it would answer otherwise, MissingExtra without onnx.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> cs.export(run, "pixels.onnx", to="fitted", quiet=True).files[0].outputs
    ('probabilities', 'novelty')
    """
    opened = open_model(model, device="cpu", allow_code=allow_code)
    sample = sample_of(opened.classifier, opened.folder, data_of(model, calibrate, "train"), quiet=quiet) if int8 else None
    found = export_files(opened.classifier, path, to=(to,) if isinstance(to, str) else to, quiet=quiet)
    if sample is None:
        return found
    return replace(
        found, int8=tuple(quantised(file.path, sample, tolerate=tolerate, quiet=quiet) for file in found.files if file.kind != "pt2")
    )


def benchmark(
    model: Model, *, engines: str | Sequence[str] = ENGINES, batches: Sequence[int] = BATCHES, threads: Sequence[int] = (),
    rounds: int = ROUNDS, device: str | torch.device = "auto", allow_code: bool = False, quiet: bool = False,
) -> Timings:  # fmt: skip
    """How fast a model is by engine, precision, batch size and number of threads, next to the agreement of its answers with torch's.

    All are measured on fitted pictures in alternating `rounds`; `threads` are 1 and as many as torch has where none are named. A line in
    `lines` has median milliseconds of a batch with quartiles and CPU milliseconds, or a `note` why it has none; `headline()` recommends.
    Raises UsageError for a number below 1.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> found = cs.benchmark(run, engines="torch", batches=[1], threads=[1], rounds=1, quiet=True)
    >>> found.lines[0].engine, found.lines[0].agreement
    ('torch', 1.0)
    """
    classifier = open_model(model, device=device, allow_code=allow_code, quiet=quiet).classifier
    names = (engines,) if isinstance(engines, str) else engines
    return timed(classifier, engines=names, batches=batches, threads=threads, rounds=rounds, quiet=quiet)


def split(data: Data, **settings: Unpack[SplitSettings]) -> Parts:
    """`data` in train, val and test: stratified by class, seeded, groups kept whole; splits that the data bring are kept.

    `val` and `test` are shares in [0, 1), `share` of the training pictures to use, `near` keeps similar pictures together. Raises
    UsageError for a share outside its range, ClearsightError when there are too few pictures.

    >>> import clearsight as cs
    >>> data = cs.split("digits", val=0.2, seed=1)
    >>> {name: len(part) for name, part in data.parts.items()}["test"]
    382
    """
    return split_parts(open_dataset(data), **settings)


def check(
    data: Data, *, group_by: str | None = None, columns: str = "", leave_out: str = "", channels: int = 0, bands: str = "", range: str = "",
    cache: str = "auto", quiet: bool = False,
) -> CheckResult:  # fmt: skip
    """Unreadable files, duplicates, leaks between splits, contradictory labels and tiny classes of a data set.

    `columns` names the columns of a table, `leave_out` a file of names of pictures, or `unreadable`.
    `channels`, `bands` and `range` are those of `train`: how stored values are read. A `cache` of `auto` or `disk` keeps the fingerprints
    of files, so that those that are as they were are not read again.
    `poisonous` is empty when nothing would spoil a result. Raises UsageError for data of no known kind.

    >>> import clearsight as cs
    >>> cs.check("digits", quiet=True).pictures
    1797
    """
    parts = open_dataset(data, group_by=group_by, columns=columns, leave_out=leave_out)
    reading = Reading(parse_range(range), parse_bands(bands))
    return check_parts(parts, reading, channels=channels or len(reading.bands), cache=cache, quiet=quiet)


def pack_shards(
    data: Data, out: str | Path, *, size: int = SIZE, seed: int = 0, group_by: str | None = None, columns: str = "", leave_out: str = "",
    quiet: bool = False,
) -> Packed:  # fmt: skip
    """Write a data set into the folder `out` as tar shards of about `size` bytes, each part shuffled by `seed`.

    webdataset and Hugging Face's datasets read them as well. The same data, size and seed give the same bytes; a stopped call continues
    after the last whole shard. Raises UsageError where `out` holds other files, ClearsightError for a picture that cannot be copied.

    >>> import clearsight as cs
    >>> [shard.name for shard in cs.pack_shards("digits", "digit-shards", quiet=True).shards]
    ['train-00000.tar', 'test-00000.tar']
    """
    parts = open_dataset(data, group_by=group_by, columns=columns, leave_out=leave_out)
    return pack(parts, out, size=size, seed=seed, quiet=quiet)


def check_shards(data: str | Path, *, quiet: bool = False) -> ShardsCheck:
    """Read every byte of tar shards: damage, pictures that are not those that were packed, duplicates, shards in the order of the classes.

    `problems` is empty where they can be used. Raises UsageError for data that are no shards.

    >>> import clearsight as cs
    >>> cs.check_shards(cs.pack_shards("digits", "digit-shards", quiet=True).out, quiet=True).problems
    ()
    """
    return inspect_shards(data, quiet=quiet)
