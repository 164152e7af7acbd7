"""What a figure of the lecture is made of: the reader's network and picture, or LeNet-5 that is trained here on the digits."""

import functools
import tempfile
from dataclasses import dataclass
from typing import Any

from ....classifier import Classifier
from ....datasets.dataset import Parts
from ....datasets.open import open_dataset
from ....look.target import Subject, subject, subject_of
from ....training.api import train
from ..session import Session

DATA, NETWORK, EPOCHS = "digits", "lenet5", 6  # 4 s on one core, 9 of 10 digits are right


@dataclass(frozen=True)
class Given:
    """A network, with its classifier if it is trained, and a picture as `decode` takes it; `own` says in words which they are."""

    subject: Subject
    classifier: Classifier | None
    picture: Any
    own: str

    @property
    def answering(self) -> Classifier:
        """The classifier; of an untrained network the example's."""
        return self.classifier or example()


def given(session: Session, words: str, file: str) -> Given:
    """The reader's network and picture, where there are any."""
    picture = file or digit()
    if not words:
        return Given(subject_of(NETWORK, example()), example(), picture, _said("", file))
    subject, classifier = session.network(words)
    return Given(subject, classifier, picture, _said(subject.name, file))


def _said(network: str, file: str) -> str:
    return f"{network or 'LeNet-5, trained just now on the digits'}, and {'your picture' if file else 'a test digit'}"


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
