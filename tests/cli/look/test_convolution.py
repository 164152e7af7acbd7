"""`clearsight look convolution`: the lecture's examples by numbers and as an animation, and pictures and filters of one's own."""

import json

import numpy as np
from PIL import Image


def test_the_lectures_example(clearsight, tmp_path):
    run = clearsight("look", "convolution", "--json", "--out", "slide.gif")
    found = json.loads(run.out)
    assert run.code == 0 and found["max_pool"] == found["stages"][1]["maps"][0] == [[104, 224], [217.5, 52.5]]
    with Image.open(tmp_path / "slide.gif") as image:
        assert image.n_frames == 16 + 4 + 4, "16 places of the filter, 4 rows of the ReLU, 4 windows"
    for example, module in (("lecture", "convolution"), ("curve", "convolution"), ("maxpool", "pooling")):
        clearsight("look", "convolution", "--example", example, "--out", "live.html")
        assert f"\n{module}(document" in (tmp_path / "live.html").read_text(encoding="utf-8")
    text = clearsight("look", "convolution").out
    assert "transposed" not in text and "104    224\n217.5   52.5" in text
    assert "transposed: its first row is the first column here" in " ".join(clearsight("look", "convolution", "--help").out.split())


def test_every_product_of_a_place(clearsight):
    text = clearsight("look", "convolution", "--at", "1,2").out
    assert "row 1, column 2 of the map, its corner on row 1, column 2 of the picture" in text
    assert "0.2 · 170 = 34" in text and "-0.7 · 35 = -24.5" in text and "sum of 9 products = 224" in text
    wrong = clearsight("look", "convolution", "--at", "4,0")
    assert wrong.code == 2 and "within the 4×4 map, counted from 0" in wrong.err


def test_the_other_examples(clearsight):
    text = clearsight("look", "convolution", "--example", "curve").out
    assert "= 6600" in text and text.endswith("another shape: 0\n")
    found = json.loads(clearsight("look", "convolution", "--example", "curve", "--json").out)
    assert found["mismatch"] == 0 and found["mismatch_example"]["convolution"]["maps"] == [[[0]]]
    found = json.loads(clearsight("look", "convolution", "--example", "maxpool", "--json").out)
    assert found["max_pool"] == [[6, 8], [3, 4]] and found["stages"][0]["maps"][1] == [[9, 5], [6, 8]]
    assert "map 1, row 1, column 0: mean(1, 0, 2, 6) = 2.25" in clearsight("look", "convolution", "--example", "avgpool", "--at", "1,0").out
    text = clearsight("look", "convolution", "--example", "volume", "--at", "3,4").out
    assert "75 products and a bias a place; 28×28×6 numbers; 6 × (75 + 1) = 456 parameters" in text
    assert text.count("sum of 75 products") == 1 and "row 3, column 4 of sobel-y:5: the sum is " in text
    assert "sum of 75 products with the bias 1" in text and max(map(len, text.splitlines())) <= 80


def test_a_picture_and_filters_of_ones_own(clearsight, tmp_path):
    Image.fromarray(np.tile(np.repeat(np.uint8([0, 200]), 10), (20, 1))).save(tmp_path / "edge.png")
    own = ("look", "convolution", "--picture", "edge.png", "--filter", "sobel-x")
    found = json.loads(clearsight(*own, "--stride", "2", "--padding", "1", "--json").out)["convolution"]
    assert np.asarray(found["maps"]).shape == (1, 10, 10) and np.max(found["maps"]) == 800 and found["stride"] == 2
    text = clearsight(*own, "--filter", "0 1 0; 1 -4 1; 0 1 0", "--channels", "3", "--at", "9,8").out
    assert "of sobel-x: 18×18, from 0 to 2400" in text and "green: 800" in text
    assert clearsight(*own[:-1], "sobelx").code == 2


def test_several_filters_are_printed_when_they_are_few_and_asked_for(clearsight):
    text = clearsight("look", "convolution", "--example", "volume").out
    assert "6 filters of 5×5×3: sobel-x:5, sobel-y:5" in text and len(text.splitlines()) < 20 and max(map(len, text.splitlines())) <= 80
    two = ("look", "convolution", "--filter", "sobel-x", "--filter", "sobel-y")
    assert "2 filters of 3×3×1" in clearsight(*two).out
    assert "filter sobel-y\n-1  -2  -1" in clearsight(*two, "--at", "0,0").out
