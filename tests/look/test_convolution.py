"""The lecture's examples, number by number."""

import torch

from clearsight.look import convolution as on_paper

MAP = [[32.5, -105.5, -44, -60.5], [-105.5, 104, 224, 213.5], [185.5, 217.5, 38.5, 52.5], [54, 31, -18, 37.5]]
PRINTED = [[32.5, -105.5, 185.5, 54], [-105.5, 104, 217.5, 31], [-44, 224, 38.5, -18], [-60.5, 213.5, 52.5, 37.5]]


def test_the_lectures_map() -> None:
    found = on_paper.lecture().to_json()
    assert found["feature_map"] == MAP
    assert found["relu"] == [[max(value, 0) for value in row] for row in MAP]
    assert found["max_pool"] == [[104, 224], [217.5, 52.5]]


def test_the_lecture_prints_it_transposed() -> None:
    assert on_paper.lecture().feature_map.T.tolist() == PRINTED
    assert "-44 in row 1, column 3 corresponds to the lecture's 185.5" in on_paper.transposed_remark(on_paper.lecture())


def test_a_step_is_its_products() -> None:
    step = on_paper.lecture().steps[6]
    assert (step.row, step.column) == (1, 2)
    assert step.patch.tolist() == [[35, 45, 200], [245, 250, 230], [235, 145, 170]]
    assert torch.allclose(step.products[0], torch.tensor([-24.5, 9, 20], dtype=torch.float64)) and round(step.sum, 9) == 224


def test_the_curve_detector() -> None:
    assert on_paper.convolve(on_paper.MATCH, on_paper.CURVE).feature_map.tolist() == [[6600]]
    assert on_paper.convolve(on_paper.NO_MATCH, on_paper.CURVE).feature_map.tolist() == [[0]]


def test_max_pooling() -> None:
    assert on_paper.convolve(on_paper.POOLED, ((1,),)).max_pool.tolist() == [[6, 8], [3, 4]]
