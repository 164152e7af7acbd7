"""The sample: every part of the data keeps its classes, arrays stay whole, files are drawn."""

import numpy as np

from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split
from clearsight.training.doctor.sample import VALIDATION, sample
from tests.pictures import digit_folder


def test_files_are_drawn_and_arrays_stay(tmp_path):
    files = split(open_dataset(digit_folder(tmp_path / "scans", per_class=30, classes=3)), val=0.2, test=0.2, share=1.0, seed=0)
    few = sample(files, 20, 0)
    assert len(few.parts["train"]) == 20 and few.classes == files.classes and len(few.parts["val"]) <= VALIDATION
    assert set(few.parts["train"].names) <= set(files.parts["train"].names)
    arrays = split(open_dataset((np.zeros((3000, 4, 4), np.uint8), np.arange(3000) % 2)), val=0.1, test=0.1, share=1.0, seed=0)
    assert len(sample(arrays, 2048, 0).parts["train"]) == len(arrays.parts["train"])
    assert len(sample(arrays, 256, 0).parts["train"]) == 256
