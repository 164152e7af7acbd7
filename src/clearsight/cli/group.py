"""The verbs, each imported only when it is used, so that `--help` does not wait for torch."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from ..base.errors import unknown

VERBS = {
    "demo": "The whole road on real scanned digits: train, judge, use, report.",
    "check": "Look for what would poison a result: unreadable files, duplicates, leaks.",
    "train": "Train a classifier on labelled pictures.",
    "pretrain": "Learn features from pictures without their labels.",
    "evaluate": "Say how good a classifier is, with intervals, and write the report.",
    "classify": "Classify pictures, folders of pictures, or what comes on stdin.",
    "compare": "Say whether one classifier is better than another, or whether it is noise.",
    "attack": "Change pictures a little so that a classifier misses them, and say how well it stands that.",
    "stress": "Say where a classifier breaks: noise, weather, bad light, occlusion, turns, clutter.",
    "labels": "Say which labels are likely wrong, and which pictures to label next.",
    "ladder": "Climb from pixels over hand-designed features to networks, and see what each step buys.",
    "models": "List the networks.",
    "look": "See and check what happens inside a network: shapes, filters, maps, single numbers.",
    "verify": "Prove that this machine computes what the classifier's maker computed.",
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
        """The verb's command, imported now; None when there is no such verb."""
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
