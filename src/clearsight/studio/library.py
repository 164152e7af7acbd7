"""What the studio knows: its networks, its data sets, the pictures it was given. Pages use ids; paths never leave this process."""

import csv
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..base.errors import plain
from ..runs.state import FINISHED
from .runs import READ, RUN, Runs, Unknown, described

PICTURE_BYTES = 20 * 2**20  # of one picture
KEPT_BYTES = 256 * 2**20  # of all pictures; the oldest are forgotten beyond that
RUNS = "runs"  # the folder below which runs are found


@dataclass(frozen=True)
class Network:
    """A network that a page may ask for: the words that mean it on the command line, and what a list says of it."""

    id: str
    words: str
    name: str
    classes: int | None
    validation: dict[str, Any] | None


@dataclass(frozen=True)
class Data:
    """A data set that a page may ask for: the words that mean it on the command line, and its name."""

    id: str
    words: str
    name: str


@dataclass(frozen=True)
class Picture:
    """A picture that a page has sent: its file in the studio's own folder, and the name it had."""

    id: str
    file: Path
    name: str
    size: int  # bytes


@dataclass
class Library:
    """Networks, those of the registry too, data sets, pictures and runs by id; `folder` is private to the studio and has the pictures."""

    folder: Path
    networks: dict[str, Network] = field(default_factory=dict)
    data: dict[str, Data] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    runs: Runs = field(default_factory=lambda: Runs(Path(RUNS)))
    judged: dict[str, Data] = field(default_factory=dict)  # data of runs, shown with their reports, that the studio was not started with
    registry: dict[str, Network] = field(default_factory=lambda: registry())

    def look_again(self) -> None:
        """Take in the runs that have finished below ./runs since the start."""
        words = [str(file.parent) for file in self.runs.folder.glob(f"*/{FINISHED}")]
        new = [network(one) for one in words if _id("m", one) not in self.networks]
        if new:
            self.networks = {**self.networks, **{one.id: one for one in new}}  # another thread may be reading the former

    def network(self, id: str) -> Network:
        """The network of an id, also one of the registry; raises Unknown."""
        if id not in self.networks and id not in self.registry:
            self.look_again()
        found = self.networks.get(id) or self.registry.get(id)
        if found is None:
            raise Unknown("this network is not in the studio: start it with clearsight studio MODEL.")
        return found

    def dataset(self, id: str) -> Data:
        """The data set of an id; raises Unknown."""
        if (found := self.data.get(id) or self.judged.get(id)) is None:
            raise Unknown("this data set is not in the studio: start it with clearsight studio DATA.")
        return found

    def data_of(self, run: Path) -> Data:
        """The data set that a run was trained on; raises Unknown where it cannot be opened without the network."""
        words = described(run / RUN).get("data")
        if not isinstance(words, str) or not words:
            raise Unknown("the run does not say what it was trained on.")
        for one in self.data.values():
            if words in (one.words, str(Path(one.words).resolve())):
                return one
        found = data(words)
        if not is_openable(words):
            raise Unknown(f"its data, {found.name}, are not on this machine.")
        return self.judged.setdefault(found.id, found)

    def picture(self, id: str) -> Picture:
        """The picture of an id; raises Unknown."""
        if id not in self.pictures:
            raise Unknown("the studio no longer has this picture: drop it again.")
        return self.pictures[id]

    def keep(self, data: bytes, name: str) -> Picture:
        """Keep a picture by its content; the oldest are forgotten where there are too many bytes."""
        content = hashlib.sha256(data).hexdigest()
        id = f"p_{content[:16]}{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        file = self.folder / content
        if not file.exists():
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(data)
        self.pictures.pop(id, None)
        self.pictures[id] = Picture(id, file, name, len(data))
        while sum(one.size for one in self.pictures.values()) > KEPT_BYTES:
            self.forget(next(iter(self.pictures)))
        return self.pictures[id]

    def forget(self, id: str) -> None:
        """Forget a picture, and remove its file unless it has another name too."""
        gone = self.pictures.pop(id)
        if all(one.file != gone.file for one in self.pictures.values()):
            gone.file.unlink(missing_ok=True)


def network(words: str) -> Network:
    """A network as it is listed; what its `config.json` says, if it has one."""
    told = described(Path(words) / FINISHED)
    classes = told.get("classes")
    facts = told.get("facts")
    validation = facts.get("validation") if isinstance(facts, dict) else None
    return Network(
        id=_id("m", words),
        words=words,
        name=plain(Path(words).name or words),
        classes=len(classes) if isinstance(classes, list) else None,
        validation=validation if isinstance(validation, dict) else None,
    )


def trained_on(one: Network) -> Data | None:
    """The data set that a run was trained on, by its `run.json`; None for a network without one."""
    words = described(Path(one.words) / RUN).get("data")
    return data(words) if isinstance(words, str) and words else None


def registry() -> dict[str, Network]:
    """The networks of the registry by id, with random weights each; the names are those of its facts, which need no torch."""
    text = files("clearsight").joinpath("models/facts.csv").read_text(encoding="utf-8")
    rows = (Network(_id("m", row["name"]), row["name"], row["name"], None, None) for row in csv.DictReader(text.splitlines()))
    return {one.id: one for one in rows}


def data(words: str) -> Data:
    """A data set as it is listed."""
    return Data(_id("d", words), words, plain(Path(words).name or words))


def is_data(words: str) -> bool:
    """Whether these words mean a data set, and not a network: any reader of data knows them, and there is no classifier."""
    from ..datasets.formats.unpacked import is_zip
    from ..datasets.open import READERS

    return (
        not (Path(words) / FINISHED).is_file()
        and not is_runs(words)
        and (is_zip(words) or any(reader.recognises(words) for reader in READERS))
    )


def is_openable(words: str) -> bool:
    """Whether the data of a run can be opened now, without asking the network."""
    from ..base.remote.address import is_address
    from ..datasets.named import is_here, is_named

    return is_here(words) if is_named(words) else not is_address(words) and os.path.exists(words)


def _id(kind: str, words: str) -> str:
    return f"{kind}_{hashlib.sha256(words.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def is_runs(words: str) -> bool:
    """Whether these words mean a folder of run folders, as of trainings on another machine, and not a run or a data set."""
    folder = Path(words)
    return not any((folder / name).is_file() for name in READ) and any(folder.glob(f"*/{RUN}"))


def found(words: Sequence[str], runs: Path) -> list[str]:
    """The networks to start with: those named, else the finished ones of the run folders in `runs`, the newest first."""
    if words:
        return list(words)
    finished = [file.parent for file in runs.glob(f"*/{FINISHED}")]
    finished.sort(key=lambda run: -(run / FINISHED).stat().st_mtime)
    return [str(run) for run in finished]
