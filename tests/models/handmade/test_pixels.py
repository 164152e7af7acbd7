"""Softmax regression on pixels, against scikit-learn."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from clearsight import models
from tests.models.expected import check, rows
from tests.pictures import digit_arrays


@rows("pixels")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_it_starts_undecided():
    model = models.build("pixels", 4, channels=1, height=8, width=8)
    assert torch.equal(model(torch.rand(2, 1, 8, 8)).softmax(1), torch.full((2, 4), 0.25))


def test_it_is_multinomial_logistic_regression():
    pictures, labels = digit_arrays(per_class=12, classes=4)
    x = np.asarray(pictures, np.float64).reshape(len(labels), -1) / 255
    theirs = LogisticRegression(max_iter=200).fit(x, labels)
    model = models.build("pixels", 4, channels=1, height=8, width=8).double()
    model.linear.weight.data, model.linear.bias.data = torch.from_numpy(theirs.coef_), torch.from_numpy(theirs.intercept_)
    with torch.no_grad():
        ours = model(torch.from_numpy(x).view(-1, 1, 8, 8)).softmax(1)
    np.testing.assert_allclose(ours, theirs.predict_proba(x), atol=1e-12)
