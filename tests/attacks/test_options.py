"""The settings of an attack: one object, or the same fields as keywords."""

import dataclasses

import torch

from clearsight.attacks import PGD, AttackOptions
from clearsight.attacks.attack import attack
from clearsight.attacks.options import AttackKeywords
from tests.attacks.victims import labelled


def test_options_and_keywords_are_the_same():
    assert set(AttackKeywords.__annotations__) == {field.name for field in dataclasses.fields(AttackOptions)}
    victim, values, labels = labelled(12)
    options = AttackOptions(method="pgd", epsilon=0.02, steps=3, check=False, curve=False)
    one = attack(victim, values, labels, options)
    other = attack(victim, values, labels, dataclasses.replace(options, epsilon=0.5), method=PGD, epsilon=0.02)
    assert torch.equal(one.pictures, other.pictures) and one.method == other.method == "pgd"
