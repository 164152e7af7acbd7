"""Settings that contradict each other are refused, with the name of what to leave out."""

import pytest

from clearsight.base.errors import UsageError
from clearsight.recipes.compose import compose
from clearsight.recipes.recipe import LAST_SEED


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
    ({"perturb": "pgdd"}, "is called 'pgdd'. Did you mean pgd"),
    ({"views": "mirrors"}, "is called 'mirrors'. Did you mean mirror"),
    ({"loggers": "wandb mlflw"}, "logger is called 'mlflw'. Did you mean mlflow"),
    ({"unlabelled": "fixmach"}, "fixmach"),
    ({"objective": "mine"}, "mine"),
    ({"seed": LAST_SEED, "ensemble": 2}, f"go up to seed \\+ 1: with --seed {LAST_SEED}, that is over"),
    ({"sync_norm": True, "accumulate": 2}, "--sync-norm normalises whole batches: leave out --accumulate 2"),
    ({"sync_norm": True, "batchnorm": "frozen", "from_": "x"}, "--sync-norm normalises whole batches: leave out --batchnorm"),
    ({"unlabelled": "fixmatch", "teacher": "runs/a"}, "--unlabelled and --teacher are two ways"),
    ({"spread_by": "pixels"}, "spread-by|spread_by"),
    ({"spread": 5}, "--spread and --align are for a teacher's answers"),
    ({"align": True}, "--spread and --align are for a teacher's answers"),
    ({"teacher": "runs/a", "mix": "mixup"}, "--mix 'mixup' goes without --unlabelled and --teacher"),
    ({"teacher": "runs/a", "perturb": "pgd"}, "--perturb 'pgd' goes without --unlabelled and --teacher"),
    ({"teacher": "runs/a", "class_weights": "balanced"}, "--class-weights 'balanced' goes without --unlabelled and --teacher"),
    ({"teacher": "runs/a", "aug_repeats": 2}, "--aug-repeats 2 goes without --unlabelled and --teacher"),
    ({"teacher": "runs/a", "optimizer": "lbfgs"}, "--optimizer lbfgs solves the head on labels: leave out --teacher"),
    ({"unlabelled": "fixmatch", "optimizer": "lbfgs"}, "--optimizer lbfgs solves the head on labels"),
    ({"objective": "@mine:loss", "mix": "mixup"}, "is the loss: leave out --mix"),
    ({"objective": "@mine:loss", "perturb": "pgd"}, "is the loss: leave out --perturb"),
    ({"objective": "@mine:loss", "teacher": "runs/a"}, "is the loss: leave out --teacher"),
    ({"objective": "@mine:loss", "unlabelled": "fixmatch"}, "is the loss: leave out --unlabelled"),
    ({"objective": "@mine:loss", "label_smoothing": 0.1}, "is the loss: leave out --label-smoothing 0.1"),
    ({"objective": "@mine:loss", "label_smoothing": 0, "optimizer": "lbfgs"}, "leave out --objective or --optimizer"),
    ({"optimizer": "lbfgs", "augment": "flip"}, "computes the features of a picture once: leave out --augment 'flip'"),
    ({"optimizer": "lbfgs", "perturb": "pgd"}, "computes the features of a picture once: leave out --perturb 'pgd'"),
    ({"optimizer": "lbfgs", "aug_repeats": 2}, "uses every picture once: leave out --aug-repeats 2"),
    ({"optimizer": "lbfgs", "from_": "x", "layer_decay": 0.5}, "leaves the rest as it is: leave out --layer-decay 0.5"),
    ({"optimizer": "lbfgs", "from_": "x", "l2sp": 0.5}, "leaves the rest as it is: leave out --l2sp 0.5"),
    ({"optimizer": "lbfgs", "soup": 2}, "leaves the rest as it is: leave out --soup 2"),
    ({"from_": "x", "tune": "head", "batchnorm": "train"}, "leaves the rest as it is: leave out --batchnorm 'train'"),
    ({"tune": "all"}, "say with --from which trained weights are meant by --tune 'all'"),
    ({"layer_decay": 0.5}, "say with --from which trained weights are meant by --layer-decay 0.5"),
    ({"l2sp": 0.5}, "say with --from which trained weights are meant by --l2sp 0.5"),
    ({"batchnorm": "frozen"}, "say with --from which trained weights are meant by --batchnorm 'frozen'"),
    ({"from_": "x", "tune": "all", "readout": "plain"}, "--tune head solves a new head, and only that reads --readout"),
    ({"from_": "x", "unlabelled": "means", "tune": "head"}, "--unlabelled means is for a head on trained features"),
    ({"from_": "x", "tune": "head", "optimizer": "sgd"}, "--tune head solves the head .* and the recipe says sgd"),
    ({"from_": "x", "tune": "head", "readout": "plain", "head": "svm"}, "chooses the readout: leave out --head 'svm'"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(change, said):
    with pytest.raises(UsageError, match=said):
        compose(change)


@pytest.mark.parametrize(
    "change",
    [
        {"channels": 3, "bands": "4,3,2"},
        {"bands": "4,3,2"},
        {"dropout": -1.0},
        {"dropout": 0.0},
        {"aug_repeats": 3, "batch": 3},
        {"seed": LAST_SEED - 1, "ensemble": 2},
        {"sync_norm": True},
        {"sync_norm": True, "batchnorm": "train"},
        {"batchnorm": "train"},
        {"speed": "bf16 channels-last"},
        {"mix": "mixup"},
        {"perturb": "pgd"},
        {"views": "mirror"},
        {"teacher": "runs/a", "spread": 5, "spread_by": "features", "align": True},
        {"objective": "@mine:loss", "label_smoothing": 0},
        {"optimizer": "lbfgs"},
        {"optimizer": "lbfgs", "augment": ""},
        {"from_": "x", "tune": "head", "batchnorm": "frozen"},
        {"from_": "x", "tune": "head", "readout": "plain", "unlabelled": "means"},
        {"from_": "x", "tune": "all", "layer_decay": 0.5, "l2sp": 0.5},
    ],
)
def test_what_goes_together_is_allowed(change):
    recipe = compose(change)
    assert {name: getattr(recipe, name) for name in change} == change
