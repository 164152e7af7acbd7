"""`clearsight look convolution`: the lecture's examples by numbers and as an animation."""

import json

from PIL import Image


def test_convolution(clearsight, tmp_path):
    said = clearsight("look", "convolution", "--json", "--out", "slide.gif")
    assert said.code == 0 and json.loads(said.out)["max_pool"] == [[104, 224], [217.5, 52.5]]
    with Image.open(tmp_path / "slide.gif") as image:
        assert image.n_frames == 16
    for example, module in (("lecture", "convolution"), ("curve", "convolution"), ("maxpool", "pooling")):
        clearsight("look", "convolution", "--example", example, "--out", "live.html")
        assert f"\n{module}(document" in (tmp_path / "live.html").read_text(encoding="utf-8")
    assert "transposed" in clearsight("look", "convolution").out
    assert clearsight("look", "convolution", "--example", "curve").out.endswith("another shape: 0\n")
    assert "= 6600" in clearsight("look", "convolution", "--example", "curve").out
