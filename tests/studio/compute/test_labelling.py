"""What the screen Labels asks: rows are those of the page, and decisions of the journal are taken in."""

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.datasets.decisions.journal import Decision, Journal
from clearsight.studio.compute import reader
from clearsight.studio.compute.labelling import labelling
from clearsight.studio.compute.reader import Reader
from clearsight.studio.compute.session import Session


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Bright and dark pictures in two parts, one of the second part with the wrong label."""
    draw = np.random.default_rng(0)
    dark, bright = (draw.integers(low, low + 60, (12, 8, 8)).astype(np.uint8) for low in (0, 190))
    dark[:, :4], bright[:, :, :4] = 0, 255
    file = tmp_path_factory.mktemp("arrays") / "data.npz"
    pictures, labels = np.concatenate([dark, bright]), np.array(["dark"] * 12 + ["bright"] * 12)
    np.savez(file, x_train=pictures, y_train=labels, x_test=pictures[::-1] // 2, y_test=np.roll(labels[::-1], 1))
    return str(file)


def queue(session, scans, journal, **more):
    version = reader.data(Reader(), scans)["version"]
    for _ in range(200):
        found = labelling(session, scans, version, str(journal), **more)
        if found["place"]["ready"]:
            return found
    raise AssertionError("it is never ready")


def test_rows_and_decisions(scans, tmp_path):
    session, journal, kept = Session(), Journal(tmp_path / "journal.db"), Reader()
    found = queue(session, scans, journal.path, part="test")
    wrong = {36, 24}  # rows are counted through both parts
    assert {item["row"] for item in found["items"][:2]} == wrong and found["pictures"] == 24 and found["sorted"]
    version = reader.data(kept, scans)["version"]
    for item in found["items"]:
        (known,) = reader.identity(kept, scans, version, [item["row"]])
        assert (known["name"], known["was"]) == (item["name"], item["given"])
    (first, _) = (reader.identity(kept, scans, version, [row])[0] for row in wrong)
    journal.append([Decision("label", first["digest"], first["name"], "grey"), Decision("keep", "gone", "gone.png")])
    after = queue(session, scans, journal.path, part="test")
    assert (after["decided"], after["left"], after["seq"], after["lost"]) == (1, found["left"] - 1, 2, 1)
    assert after["classes"][-1] == "grey" and {item["row"] for item in after["items"]} == {item["row"] for item in found["items"]} - {
        next(item["row"] for item in found["items"] if item["name"] == first["name"])
    }
    with pytest.raises(ClearsightError, match="load it again"):
        labelling(session, scans, "another", str(journal.path), part="test")
