"""What several verbs share: options made from settings, JSON out, tables for people."""

import json
from collections.abc import Callable, Container, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import click

from ..base.settings import sections, spelled
from ..recipes.recipe import Recipe
from ..reports.style import SIZES, THEMES, Style

if TYPE_CHECKING:
    from ..classifier import Classifier
    from ..evaluation.rows import Clean
    from ..metrics.intervals import Estimate

Command = TypeVar("Command", bound=Callable[..., Any])
READING = ("group_by", "columns", "leave_out")  # settings of how a data set is read
SIZE_HELP = "Figures for a page, or for a 16:9 slide with type of at least 24 points."

json_option = click.option("--json", "as_json", is_flag=True, help="Print ONE JSON document on stdout and nothing else there.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
plain_device_option = click.option(
    "--device", default="auto", show_default=True, help="Where it is computed: cpu, cuda, cuda:1, mps (auto: a GPU if there is one)."
)


def _allow_code(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    from ..base.code import allow_all, forbid_all

    if value:
        allow_all()
        ctx.call_on_close(forbid_all)


model_code_option = click.option(
    "--allow-code",
    is_flag=True,
    expose_value=False,
    callback=_allow_code,
    help="Import the network of your own that MODEL names as @package.module:Net: look at it first.",
)


def device_option(command: Command) -> Command:
    """The options of a verb that opens a model: where it is computed, and whether code that it names is imported."""
    return plain_device_option(model_code_option(command))


speed_option = click.option(
    "--speed",
    default="auto",
    show_default=True,
    type=click.Choice(("auto", "plain", "folded", "bf16")),
    help="folded: batch norms folded into convolutions, in float32 (auto: this); bf16: that, in bfloat16, of less digits; plain: neither.",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(("torch", "onnx", "openvino")),
    callback=lambda _ctx, _param, value: value or "",
    help="What computes the network: torch (default); or ONNX Runtime (default of an exported file) or OpenVINO, for which it is exported.",
)
PART_HELP = "Which part of the data: train, val, test, all, or unseen: all that MODEL has not learnt from, be it the lesser half."
views_option = click.option("--views", help="Answer by the mean over mirror, shift:1 or ten-crop (default: MODEL's own; one view: '').")
allow_code_option = click.option(
    "--allow-code", is_flag=True, help="Run the code that a recipe file, or the run to resume, names as @module:name: look at it first."
)
AUTO = "auto"  # --resume
resume_option = click.option(
    "--resume",
    default="",
    metavar="RUN",
    help="Continue the run in this folder; needs no other argument. auto: begin the run --out, or continue it if it has begun.",
)
batch_option = click.option("--batch", default=0, type=click.IntRange(0), help="Pictures computed together (0: by their size).")


class Share(click.ParamType):  # type: ignore[type-arg]
    """A share above 0 and below 1, as in 95%, 5 % or 0.95."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share as a fraction of 1."""
        if isinstance(value, float):
            return value
        number, per_cent, _ = str(value).partition("%")
        try:
            share = float(number) / (100 if per_cent else 1)
        except ValueError:
            share = 0.0
        if not 0 < share < 1:
            self.fail(f"a share above 0 and below 1, as in 95% or 0.95. Got {value!r}.", param, ctx)
        return share


def sets_options(command: Command) -> Command:
    """The options of conformal sets: their coverage, and whether it holds within each class."""
    coverage = click.option(
        "--coverage", type=Share(), metavar="SHARE", help="Also the set of classes that contains the truth in this share of cases, as 95%."
    )
    by_class = click.option("--by-class", is_flag=True, help="--coverage within each class, for which more calibration answers are needed.")
    return coverage(by_class(command))


def style_option(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a figure's size and theme, which `command` gets as one `style: Style`."""

    @click.option("--size", "size_of_figure", type=click.Choice(tuple(SIZES)), default="print", show_default=True, help=SIZE_HELP)
    @click.option("--theme", type=click.Choice(tuple(THEMES)), default="light", show_default=True, help="Their colours.")
    @wraps(command)
    def packed(*args: Any, size_of_figure: str, theme: str, **kwargs: Any) -> None:
        command(*args, style=Style(size_of_figure, theme), **kwargs)

    return packed


def made_faster(classifier: Any, speed: str) -> Any:
    """`classifier.faster(speed)`, with a line on stderr where a road was tried and is not taken."""
    from ..base.errors import plain

    fast = classifier.faster(speed)
    if fast.note:
        click.echo(plain(fast.note), err=True)
    return fast


MOST_USED = "What most runs need"
FIRST = ("--out", "--model", "--from", "--tune", "--minutes", "--epochs", "--size", "--lr", "--batch", "--augment", "--seed")


class SettingOption(click.Option):
    """The option of one setting, with the section of the help that it is in."""

    def __init__(self, *args: Any, section: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help has the options that most runs need first, then the others, those of its settings by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section."""
        lines: dict[str, list[tuple[str, str]]] = {MOST_USED: [], "Options": []}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (line := parameter.get_help_record(ctx)) is not None:
                first = not {*parameter.opts}.isdisjoint(FIRST)
                lines.setdefault(MOST_USED if first else getattr(parameter, "section", "Options"), []).append(line)
        lines[MOST_USED].sort(key=lambda line: next(place for place, name in enumerate(FIRST) if line[0].split()[0] == name))
        for title, listed in lines.items():
            with formatter.section(title):
                formatter.write_dl(listed)


def setting_options(cls: type, without: Container[str] = (), only: Container[str] | None = None) -> Callable[[Command], Command]:
    """An option for every field of the settings class `cls` but those `without`, or `only` for some; one that is not given is None."""
    hints = get_type_hints(cls)
    every = [(title, field) for title, fields in sections(cls).items() for field in fields]
    places = [(title, field) for title, field in every if field.name not in without and (only is None or field.name in only)]

    def decorate(command: Command) -> Command:
        for title, field in reversed(places):
            choices = field.metadata["choices"]
            kind: Any = click.Choice(choices, case_sensitive=False) if choices else hints[field.name]
            help = sentence(field.metadata["help"])
            command = click.option(
                flag(field.name), field.name, cls=SettingOption, section=title, type=kind, is_flag=kind is bool, default=None, help=help
            )(command)
        return command

    return decorate


def data_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options of `train` on how DATA is read (`READING`, or `names`); `command` gets those that are given as one dict `reading`."""
    names = names or READING

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @setting_options(Recipe, only=names)
        @wraps(command)
        def packed(*args: Any, **kwargs: Any) -> None:
            given = {name: kwargs.pop(name) for name in names}
            command(*args, reading={name: value for name, value in given.items() if value}, **kwargs)

        return packed

    return decorate


def sentence(help: str) -> str:
    """The help of a setting as a sentence; a value that it begins with, as in `lbfgs: ...`, keeps its letters."""
    first = help.partition(" ")[0]
    return f"{help}." if first.endswith(":") else f"{help[0].upper()}{help[1:]}."


def flag(name: str) -> str:
    """The option of the setting `name`."""
    return "--" + spelled(name).replace("_", "-")


def opened(model: str, device: str = "auto", quiet: bool = False, engine: str = "") -> "Classifier":
    """The classifier MODEL, which may be an origin or an exported file, on a device, computed by `engine`.

    On stderr the licence of weights of others, and what proves their file.
    """
    from ..base.compute.device import pick_device
    from ..base.errors import plain
    from ..exports.open import open_classifier
    from ..weights import is_origin
    from ..weights.licence import said

    classifier = open_classifier(model, device=pick_device(device), engine=engine, quiet=quiet)
    if not quiet and is_origin(model) and (legal := said(classifier.facts)):
        click.echo(plain(f"{model}: {legal}"), err=True)
    return classifier


def report_home(model: str) -> str:
    """The folder of the reports on MODEL: its own, or that of an exported file's name next to the file."""
    from ..classifier.config import is_exported

    return str(Path(model).with_suffix("")) if is_exported(model) else model


def print_json(value: Any) -> None:
    """ONE JSON document on stdout."""
    click.echo(_json(value))


def print_json_list(values: Iterable[Any]) -> None:
    """ONE JSON list on stdout, each value as soon as it is there."""
    before = "["
    for value in values:
        click.echo(before + _json(value), nl=False)
        before = ", "
    click.echo("[]" if before == "[" else "]")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text if text.isprintable() else json.dumps(value, allow_nan=False)  # a file's name may be no UTF-8, or talk to terminals


def percent(accuracy: "Estimate | Clean") -> str:
    """`93.40% (92.90% to 93.87%)` from a value with its interval, or with the reason why it has none."""
    if accuracy["low"] is None:
        return f"{accuracy['value']:.2%} (no interval: {accuracy['reason']})"
    return f"{accuracy['value']:.2%} ({accuracy['low']:.2%} to {accuracy['high']:.2%})"


def show(*renderables: Any) -> None:
    """Print rich tables or text on stdout."""
    from rich.console import Console

    console = Console()
    for renderable in renderables:
        console.print(renderable)
