"""What a figure of the lecture is made of: the reader's network and picture, or LeNet-5 that is trained here on the digits."""

import functools
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ....classifier import Classifier
from ....datasets.dataset import Parts
from ....datasets.open import open_dataset
from ....look.target import Subject, subject, subject_of
from ....training.api import train
from ..session import Session

NETWORKS, PICTURES = "network", "picture"  # what a figure can take of the reader's
DATA, NETWORK, EPOCHS = "digits", "lenet5", 6  # 4 s on one core, 9 of 10 digits are right


@dataclass(frozen=True)
class Given:
    """A network, with its classifier if it is trained, and a picture as `decode` takes it; `own` are the words for both."""

    subject: Subject
    classifier: Classifier | None
    picture: Any
    own: dict[str, str]

    def said(self, takes: Iterable[str]) -> str:
        """In words, what a figure is made of that takes these."""
        return ", and ".join(self.own[one] for one in takes)

    @property
    def answering(self) -> Classifier:
        """The classifier; of an untrained network the example's."""
        return self.classifier or example()


def given(session: Session, words: str, file: str) -> Given:
    """The reader's network and picture, where there are any."""
    known = ", so that digits are all it knows" if file else ""
    own = {NETWORKS: f"LeNet-5, trained just now on the digits{known}", PICTURES: "your picture" if file else "a test digit"}
    picture = file or digit()
    if not words:
        return Given(subject_of(NETWORK, example()), example(), picture, own)
    subject, classifier = session.network(words)
    return Given(subject, classifier, picture, own | {NETWORKS: subject.name})


@functools.cache
def example() -> Classifier:
    """LeNet-5 on the digits of scikit-learn, trained once in a process."""
    with tempfile.TemporaryDirectory(prefix="clearsight-lecture-") as folder:
        trained = train(DATA, out=f"{folder}/{NETWORK}", model=NETWORK, epochs=EPOCHS, quiet=True)
    assert trained, "not interrupted"
    return trained.classifier


def begun() -> Subject:
    """The example's network before it was trained: of its size and classes, with random weights."""
    trained = subject_of(NETWORK, example())
    return subject(NETWORK, trained.input_size, len(trained.classes))


@functools.cache
def digits() -> Parts:
    """The digits."""
    return open_dataset(DATA)


def digit() -> Any:
    """The first digit of the test part."""
    return digits().parts["test"].source(0)
