"""The parameters of softmax regression: those of the lecture, linear in the pixels and in the classes."""

from clearsight.models.pixel_counts import pixel_counts


def test_parameters_are_linear_in_pixels_and_classes():
    found = {(row.size, row.classes): row.parameters for row in pixel_counts()}
    assert found["8×8×1", 10] == 650 and found["28×28×1", 10] == 7850 and found["32×32×3", 10] == 30730
    assert found["224×224×3", 1000] == 150_529_000
    for (size, classes), count in found.items():
        height, width, channels = map(int, size.split("×"))
        assert count == (height * width * channels + 1) * classes
