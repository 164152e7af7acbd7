"""The verbs, each imported only when it is used, so that `--help` does not wait for torch."""

from collections.abc import Iterator, Mapping
from functools import wraps
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
    "shards": "Pack a data set into tar shards, and check them.",
    "labels": "Find label errors, and choose the pictures to label next.",
    "ladder": "Compare pixels, hand-designed features and networks: the gain of each step.",
    "sweep": "Search over settings of a training; the test part judges the chosen one.",
    "models": "List the networks.",
    "look": "Look inside a network: shapes, filters, feature maps, single units.",
    "studio": "Show in a browser how an answer comes about, down to a single multiplication.",
    "exercises": "Exercises on the lecture: sheets, keys, and a grader that knows common slips.",
    "export": "Write a classifier as one checked ONNX file, with its preprocessing inside.",
    "serve": "Answer over HTTP with classifiers.",
    "benchmark": "Measure a classifier's speed by engine, precision, batch size and threads.",
    "verify": "Verify that this machine reproduces the stored probabilities of a classifier.",
}

PROGRESS = "Add a line of JSON to FILE, at most four a second, as the computation goes on."

# options of other programs, which are taken where a verb has ours and not theirs
ALIASES = {
    "--arch": "--model", "--backbone": "--model", "--network": "--model",
    "--batch-size": "--batch", "--bs": "--batch", "--batchsize": "--batch",
    "--learning-rate": "--lr", "--wd": "--weight-decay", "--opt": "--optimizer", "--optim": "--optimizer", "--optimiser": "--optimizer",
    "--num-epochs": "--epochs", "--n-epochs": "--epochs", "--lr-scheduler": "--schedule", "--scheduler": "--schedule",
    "--image-size": "--size", "--img-size": "--size", "--imgsz": "--size", "--input-size": "--size",
    "--num-samples": "--n", "--top-k": "--top", "--topk": "--top", "--tta": "--views",
    "--val-split": "--val", "--validation-split": "--val", "--test-split": "--test", "--random-state": "--seed",
    "--num-workers": "--workers", "--output": "--out", "--output-dir": "--out", "--save-dir": "--out", "--eps": "--epsilon",
    "--precision": "--speed", "--gradient-accumulation": "--accumulate", "--grad-clip": "--clip", "--clip-grad": "--clip",
    "--augmentation": "--augment", "--weights": "--from",
}  # fmt: skip


def ours(command: click.Command, ctx: click.Context, words: list[str]) -> Iterator[str]:
    """The `words` after a verb with the options of other programs replaced by ours; what follows `--` stays."""
    known = {name for parameter in command.get_params(ctx) for name in (*parameter.opts, *parameter.secondary_opts)}
    end = words.index("--") if "--" in words else len(words)
    for word in words[:end]:
        name, equals, value = word.partition("=")
        dashed = name.replace("_", "-") if name.startswith("--") else name
        meant = next((one for one in (name, dashed, ALIASES.get(dashed)) if one in known), name)
        yield f"{meant}{equals}{value}"
    yield from words[end:]


def followed(command: click.Command) -> click.Command:
    """`command` with the option --progress, by which another process can follow it; a group's own commands get it each."""
    does = command.callback
    if isinstance(command, click.Group) or does is None or any("--progress" in one.opts for one in command.params):
        return command

    @wraps(does)
    def told(*args: Any, progress: str | None, **kwargs: Any) -> Any:
        if progress is None:
            return does(*args, **kwargs)
        from ..base.progress_file import progress_file

        with progress_file(progress):
            try:
                return does(*args, **kwargs)
            except click.exceptions.Exit as end:  # no failure of the computation: it has an exit code to tell
                over = end
        raise over

    command.callback = told
    command.params.append(click.Option(["--progress"], metavar="FILE", help=PROGRESS))
    return command


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
        return followed(command)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the near verbs named."""
        if args and args[0] not in self.verbs and not args[0].startswith("-"):
            raise unknown("verb", args[0], self.verbs)
        name, command, words = super().resolve_command(ctx, args)
        return name, command, list(ours(command, ctx, words)) if command else words

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs and their lines, without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(self.verbs.items()))
