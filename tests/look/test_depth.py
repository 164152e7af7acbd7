"""The gradient by depth: a layer's own by hand, and what shortcuts do."""

import pytest

from clearsight.look.depth import gradient_by_depth


def test_without_shortcuts_the_gradient_vanishes_with_depth():
    plain, residual = (gradient_by_depth(55, shortcuts) for shortcuts in (False, True))
    assert len(plain) == len(residual) == 55
    assert plain[0] < 1e-8 * plain[-1] and residual[0] > 1e-2 * residual[-1]
    assert plain == gradient_by_depth(55, False) != gradient_by_depth(55, False, seed=1)


def test_a_single_layer_has_no_block():
    assert gradient_by_depth(1, True) == pytest.approx(gradient_by_depth(1, False)) and gradient_by_depth(1, True)[0] > 0
