"""The table of exported networks, `docs/exports.csv`: filled by `docs/exports.py`, read here; some rows are computed again."""

import csv
from pathlib import Path

import pytest
from docs.exports import TABLE, compared

from clearsight import models

ROWS = {row["network"]: row for row in csv.DictReader(Path(TABLE).read_text(encoding="utf-8").splitlines())}


def test_every_network_of_the_registry_has_a_row_and_is_equal_or_says_why():
    assert list(ROWS) == list(models.names())
    for name, row in ROWS.items():
        explained = row["refused"] or row["missed"]
        assert explained or (row["pixels_apart"], row["labels_equal"]) == ("0", row["pictures"]), name
        assert explained or float(row["max_difference"]) <= 1e-5, name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hog", "lenet5", "resnet18", "mobilenet_v2", "regnet_x_400mf", "vit_s_16", "convnext_tiny", "swift"])
def test_a_network_of_each_kind_is_compared_again(name):
    row = compared(name)
    assert not row.get("refused") and not row["missed"] and row["labels_equal"] == row["pictures"]
