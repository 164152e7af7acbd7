"""The verbs, each imported only when it is used, so that `--help` does not wait for torch."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from ..base.errors import unknown

VERBS = {
    "demo": "A complete example on digits and photographs: train, evaluate, classify, explain, attack, report.",
    "check": "Check a data set: unreadable files, duplicates, leaks between splits.",
    "train": "Train a classifier on labelled pictures.",
    "pretrain": "Learn features without labels (SimCLR).",
    "ensemble": "Combine classifiers by averaging their probabilities.",
    "evaluate": "Evaluate a classifier, with confidence intervals, and write the report.",
    "classify": "Classify pictures, folders of pictures, or a picture on stdin.",
    "compare": "Compare two classifiers with a paired significance test.",
    "attack": "Measure adversarial robustness: the accuracy under small worst-case changes.",
    "stress": "Measure robustness to noise, weather, lighting, occlusion, rotation and clutter.",
    "labels": "Find label errors, and choose the pictures to label next.",
    "ladder": "Compare pixels, hand-designed features and networks: the gain of each step.",
    "models": "List the networks.",
    "look": "Look inside a network: shapes, filters, feature maps, single units.",
    "verify": "Verify that this machine reproduces the stored probabilities of a classifier.",
}


class Verbs(click.Group):
    """A click group whose commands live in modules of their own: verb `x` is `x` of `HOME.x`."""

    def __init__(self, *args: Any, verbs: Mapping[str, str] = VERBS, home: str = "clearsight.cli", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs, self.home = verbs, home

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of a first visit."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The verb's command, imported now; None for an unknown verb."""
        if name not in self.verbs:
            return None
        word = name.replace("-", "_")
        command: click.Command = getattr(import_module(f"{self.home}.{word}"), word)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the near verbs named."""
        if args and args[0] not in self.verbs and not args[0].startswith("-"):
            raise unknown("verb", args[0], self.verbs)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs and their lines, without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(self.verbs.items()))
