"""Networks as blocks: everything that is counted is written, and what repeats is drawn once."""

from clearsight.models import facts
from clearsight.reports.figures.network import comparison_figure, network_figure
from clearsight.reports.style import Style
from tests.reports.figures.drawn import words


def test_the_blocks_of_a_residual_network():
    written = [one.text for one in words(network_figure("resnet18", facts.summary("resnet18")))]
    assert written.count("BasicBlock") == 7 and written.count("×2, 2 conv") == 1
    assert "11,689,512 parameters · 1.81 G multiply-adds · depth 18 · 8 residual sums" in written


def test_a_slide_shortens_what_it_has_no_room_for():
    written = [one.text for one in words(network_figure("a", facts.summary("(conv4-1x1 conv4-3x3)*12"), style=Style("slide")))]
    assert written.count("CONV") == 19 and any(text.startswith("5 blocks") for text in written)


def test_networks_next_to_each_other_in_the_order_given():
    names = ("vgg16", "alexnet-lecture")
    written = [one.text for one in words(comparison_figure([(name, facts.summary(name)) for name in names]))]
    assert [text for text in written if text in names][:2] == list(names)
    assert {"138,357,544", "62,378,344", "16", "8", "212", "195"} <= set(written)
