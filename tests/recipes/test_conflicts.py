"""Settings that contradict each other are refused, with the name of what to leave out."""

import pytest

from clearsight.base.errors import UsageError
from clearsight.recipes.compose import compose


@pytest.mark.parametrize(("change", "said"), [
    ({"channels": 2, "bands": "4,3,2"}, "--bands 4,3,2 are 3 channels, not the 2 of --channels"),
    ({"bands": "0"}, "bands must be whole numbers from 1"),
    ({"range": "9:1"}, "range must be black:white"),
    ({"dropout": -0.5}, r"dropout must be between 0 and 0.99, or -1 .* Got -0.5\."),
    ({"speed": "warp"}, "no speed is called 'warp'.*bf16, channels-last"),
    ({"epochs": 1.5}, r"epochs must be a whole number. Got 1.5\."),
    ({"optimizer": "adamax"}, "optimizer is called 'adamax'. Did you mean adam"),
    ({"mix": "mixin"}, "is called 'mixin'. Did you mean mixup"),
    ({"mix": "mixup", "optimizer": "lbfgs"}, "--optimizer lbfgs .* leave out --mix 'mixup'"),
    ({"mix": "mixup", "perturb": "pgd"}, "--mix 'mixup' goes without --perturb"),
    ({"mix": "mixup", "class_weights": "balanced"}, "--mix 'mixup' goes without .*--class-weights"),
    ({"focal": 2.0, "optimizer": "lbfgs"}, r"lbfgs solves softmax regression or an SVM .* leave out --focal 2.0"),
    ({"focal": 2.0, "perturb": "pgd"}, "--perturb pgd attacks cross-entropy .* leave out --focal"),
    ({"focal": 2.0, "objective": "@mine:loss"}, "is the loss: leave out --focal"),
    ({"focal": 2.0, "unlabelled": "fixmatch"}, "--focal 2.0 goes without --unlabelled and --teacher"),
    ({"sampler": "balanced", "class_weights": "balanced"}, "--sampler balanced chooses .* leave out --class-weights"),
    ({"sampler": "root", "aug_repeats": 2}, "--sampler root chooses .* leave out --aug-repeats 2"),
    ({"sampler": "root", "optimizer": "lbfgs"}, "--optimizer lbfgs uses every picture once: leave out --sampler"),
    ({"sampler": "root", "teacher": "runs/a"}, "--sampler 'root' goes without --unlabelled and --teacher"),
    ({"aug_repeats": 4, "batch": 3}, "puts 4 versions of a picture in a batch, and --batch is 3"),
    ({"speed": "bf16 fp16"}, "--speed takes one precision, bf16 or fp16"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(change, said):
    with pytest.raises(UsageError, match=said):
        compose(change)
