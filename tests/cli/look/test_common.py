"""What every command of `clearsight look` refuses in one line."""

from pathlib import Path


def test_mistakes_are_one_line(clearsight):
    assert "Did you mean filters" in clearsight("look", "filter", "alexnet").err
    said = clearsight("look", "convolution", "--out", "x.bmp")
    assert said.code == 2 and "ends in .png" in said.err


def test_a_figure_is_written_here_unless_out_or_json_says_else(clearsight, tmp_path):
    said = clearsight("look", "filters", "lenet5")
    assert said.code == 0 and "figure     look-filters-lenet5.png" in said.err and (tmp_path / "look-filters-lenet5.png").is_file()
    assert clearsight("look", "filters", "lenet5", "--json").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["look-filters-lenet5.png"]


def test_layer_and_channel_have_defaults(clearsight, picture):
    said = clearsight("look", "unit", "lenet5", picture, "--json")
    assert said.code == 0 and '"layer": "conv2"' in said.out, said.out + said.err
    said = clearsight("look", "maximise", "lenet5", "--steps", "1", "--json", "-q")
    assert said.code == 0 and said.out.count('"channel"') == 4
    said = clearsight("look", "patches", "lenet5", "digits", "--pictures", "5", "--most", "1", "--json")
    assert said.code == 0 and said.out.count('"channel"') == 4


def test_a_figure_is_not_written_over_a_file_that_is_read(clearsight, picture):
    before = Path(picture).read_bytes()
    said = clearsight("look", "convolution", "--picture", picture, "--filter", "box", "--out", picture)
    assert said.code == 2 and "would be written over" in said.err and Path(picture).read_bytes() == before
    said = clearsight("look", "features", "hog", picture, "--npz", picture)
    assert said.code == 2 and ".npz" in said.err and Path(picture).read_bytes() == before
