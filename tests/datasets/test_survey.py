"""The survey of a data set finds the channels and one range of values, of arrays as of files."""

import cv2
import numpy as np
import torch
from PIL import Image

from clearsight.datasets.check import check
from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.datasets.survey import survey
from clearsight.images.preprocess import Preprocessing

TEN = (np.random.default_rng(0).integers(100, 900, (6, 9, 9))).astype(np.uint16)


def folder(root, pictures=TEN):
    for i, picture in enumerate(pictures):
        (root / "ab"[i % 2]).mkdir(exist_ok=True, parents=True)
        Image.fromarray(picture).save(root / "ab"[i % 2] / f"{i}.png")
    return root


def test_ten_bits_in_sixteen_have_one_range(tmp_path):
    found = survey(open_dataset(folder(tmp_path))["all"])
    assert (found.deep, found.low, found.high, found.most) == (6, TEN.min(), TEN.max(), 1)
    assert found.levels == (0, 1023) and "10 bits in 16" in found.words()
    report = check(open_dataset(tmp_path), quiet=True)
    assert any("black is 0 and white 1023" in note for note in report.notes) and not report.blank


def test_arrays_are_read_as_their_files(tmp_path):
    order = [0, 2, 4, 1, 3, 5]
    arrays = open_dataset((TEN[order], [0, 0, 0, 1, 1, 1]))["all"]
    files = open_dataset(folder(tmp_path))["all"]
    assert survey(arrays).levels == survey(files).levels
    preprocessing = Preprocessing(1, 9, 9, levels=(0, 1023))
    both = [load(data, preprocessing, cache="memory", quiet=True).tensors[0] for data in (arrays, files)]
    assert both[0].equal(both[1])
    assert np.array_equal(both[0][..., 0].numpy(), np.rint(TEN[order] * (255 / 1023)))


def test_eight_bits_have_no_range_and_colour_wins_over_grey(tmp_path):
    colour = [np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 9, np.uint8)]
    found = survey(open_dataset(folder(tmp_path, colour))["all"])
    assert not found.deep and found.levels == () and found.most == 3 and found.channels == {1: 1, 3: 1}
    bands = survey(open_dataset((np.zeros((4, 5, 5, 12), np.uint8), [0, 1, 0, 1]))["all"])
    assert bands.most == 12


def test_the_range_is_that_of_the_chosen_bands(tmp_path):
    bands = np.stack([TEN, TEN // 2, TEN * 60, TEN, TEN // 2], axis=3)
    arrays = open_dataset((bands, [0, 0, 0, 1, 1, 1]))["all"]
    for i, picture in enumerate(bands):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        np.save(tmp_path / "ab"[i % 2] / f"{i}.npy", picture)
    for data in (arrays, open_dataset(tmp_path)["all"]):
        assert survey(data).high == TEN.max() * 60
        assert survey(data, (5, 2)).high == TEN.max() // 2 and survey(data, (5, 2)).levels == (0, 511)
        assert survey(data, (5, 9)).high == TEN.max() * 60, "a band that is not there is reported by reading it"
    assert survey(open_dataset((TEN, [0, 0, 0, 1, 1, 1]))["all"], (4, 2)).high == TEN.max(), "grey pictures have no bands to choose"


def test_files_of_several_pictures_are_named(tmp_path):
    folder(tmp_path)
    Image.fromarray(TEN[0]).save(tmp_path / "a" / "pages.tif", save_all=True, append_images=[Image.fromarray(TEN[1])])
    report = check(open_dataset(tmp_path), quiet=True)
    assert report.several == ["a/pages.tif"] == report.to_json()["several"]
    assert any("only the first is read: a/pages.tif" in note for note in report.notes)


def test_values_beyond_those_of_training_are_a_warning(tmp_path):
    folder(tmp_path / "train", TEN // 4)
    folder(tmp_path / "test", TEN)
    report = check(open_dataset(tmp_path), quiet=True)
    assert any("values of test go from" in line and "clipped" in line for line in report.warnings)


def test_a_value_is_the_same_colour_in_training_evaluation_classification_and_python(tmp_path):
    colours = np.random.default_rng(1).integers(0, 3000, (4, 9, 9, 3)).astype(np.uint16)
    for i, picture in enumerate(colours):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "ab"[i % 2] / f"{i}.png"), picture[..., ::-1])
    data = open_dataset(tmp_path)["all"]
    found = survey(data)
    assert (found.deep, found.most, found.levels) == (4, 3, (0, 4095))
    preprocessing = Preprocessing(3, 9, 9, levels=found.levels)
    trained = load(data, preprocessing, cache="memory", quiet=True).batch(torch.arange(4))
    evaluated = load(data, preprocessing, cache="off", quiet=True).batch(torch.arange(4))
    assert trained.equal(evaluated)
    for i in range(4):
        path = data.source(i)
        with Image.open(path) as opened:
            for source in (path, path.read_bytes(), colours[[0, 2, 1, 3][i]], opened):
                assert preprocessing.load(source).equal(trained[i])
    assert np.array_equal(trained[0].permute(1, 2, 0).numpy(), np.rint(colours[0] * (255 / 4095)))
