"""What every command of `clearsight look` refuses in one line."""


def test_mistakes_are_one_line(clearsight):
    assert "Did you mean filters" in clearsight("look", "filter", "alexnet").err
    said = clearsight("look", "convolution", "--out", "x.bmp")
    assert said.code == 2 and "ends in .png" in said.err
