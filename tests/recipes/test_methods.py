"""Words of a recipe that name a method: adversarial training, FixMatch."""

import subprocess
import sys

import pytest

from clearsight.base.errors import UsageError
from clearsight.recipes.methods import METHODS, parse_fixmatch, parse_perturbation, parse_shuffle


def test_a_perturbation_is_a_method_and_an_epsilon():
    found = parse_perturbation("pgd:4/255")
    assert (found.name, found.epsilon, found.method) == ("pgd", 4 / 255, METHODS["pgd"])
    assert parse_perturbation("trades").epsilon == 8 / 255 and parse_perturbation("") is None


@pytest.mark.parametrize(("name", "cost"), [("fgsm", 2), ("pgd", 8), ("trades", 11), ("free", 4), ("noise", 1)])
def test_the_cost_is_the_passes_per_image(name, cost):
    assert parse_perturbation(name).cost == cost


@pytest.mark.parametrize(
    ("words", "says"), [("pdg", "Did you mean pgd"), ("pgd:0", "above 0 and at most 1"), ("pgd:2", "above 0 and at most 1")]
)
def test_a_perturbation_that_cannot_be(words, says):
    with pytest.raises(UsageError, match=says):
        parse_perturbation(words)


def test_the_threshold_of_fixmatch():
    assert (parse_fixmatch("fixmatch"), parse_fixmatch("fixmatch:0.8"), parse_fixmatch("fixmatch:0")) == (0.95, 0.8, 0)
    with pytest.raises(UsageError, match="at least 0 and below 1"):
        parse_fixmatch("fixmatch:1")
    with pytest.raises(UsageError, match="Did you mean fixmatch"):
        parse_fixmatch("fixmach:0.9")


def test_it_imports_no_torch():
    script = "import sys, clearsight.recipes.methods; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_order_of_an_epoch():
    assert [parse_shuffle(words) for words in ("auto", "all", "blocks", "blocks:1", "blocks:250")] == [0, 0, 16, 1, 250]
    for words in ("blocks:0", "blocks:1.5", "blocks:many", "blocks:2000000"):
        with pytest.raises(UsageError, match="the shards of blocks must be a whole number from 1 to 1,000,000, as in blocks:16"):
            parse_shuffle(words)
    with pytest.raises(UsageError, match="Did you mean blocks"):
        parse_shuffle("block:3")
