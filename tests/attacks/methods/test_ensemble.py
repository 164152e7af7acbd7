"""AutoAttack is at least as strong as each of its parts."""

from clearsight.attacks.table import ATTACKS
from tests.attacks.victims import task


def test_ensemble_leaves_no_more_than_its_parts():
    given = task(0.03, steps=30)
    kept = {name: int((~given.fooled(ATTACKS[name].run(given))).sum()) for name in ("fgsm", "apgd-ce", "apgd-t", "fab-t", "ensemble")}
    assert kept["ensemble"] <= min(kept.values())
