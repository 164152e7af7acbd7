"""What the sub-verbs share: options of a network that is built here, and a figure written."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from ...reports.style import SUFFIXES, Style
from ..common import Command, model_code_option, style_option
from ..sizes import Size

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

    from ...base.progress import Progress
    from ...datasets.dataset import Dataset
    from ...look.target import Subject
    from ...reports.live.page import Live

_input_option = click.option("--input", "size", type=Size(), help="Build MODEL for this input size.")
classes_option = click.option("--classes", type=click.IntRange(2), help="Build MODEL with so many classes.")
seed_option = click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The first weights follow from it.")
part_option = click.option("--part", "--split", "part", default="", help="Which part of DATA, as in test (default: the first, train).")
LAYER_HELP = "The layer, as `look summary` names it (default: the last convolution)"


def _require_npz(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    if value and value.suffix.lower() != ".npz":
        raise click.BadParameter(f"the arrays are a file that ends in .npz. Got {value.name!r}.", ctx, param)
    return value


npz_option = click.option("--npz", type=click.Path(path_type=Path), callback=_require_npz, help="Write the values as arrays (.npz).")


def size_option(command: Command) -> Command:
    """The options of a MODEL that may be built here, or be a network of your own."""
    return _input_option(model_code_option(command))


@dataclass(frozen=True)
class Out:
    """The file of a figure, and the style in which it is drawn."""

    path: Path
    style: Style
    named: bool = True  # by the user


def out_option(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a figure's file, size and theme, which `command` gets as one `out: Out | None`.

    Without --out the figure has a name made of the words of the command, in the current folder; with --json it is not drawn then.
    """

    @click.option(
        "--out",
        type=click.Path(path_type=Path),
        help=f"The file of the figure: {', '.join(SUFFIXES)} (default: look-….png here, none with --json).",
    )
    @click.option("--show-bands", default="", help="Of more than three bands those shown as red, green and blue (default: 1,2,3).")
    @style_option
    @wraps(command)
    def packed(*args: Any, out: Path | None, style: Style, show_bands: str, **kwargs: Any) -> None:
        _require_suffix(out)
        path = out or (None if kwargs.get("as_json") else default_file(kwargs))
        _require_other(path, kwargs.values())
        from ...base.text.words import parse_bands
        from ...images.convert import showing

        with showing(parse_bands(show_bands)):
            command(*args, out=Out(path, style, bool(out)) if path else None, **kwargs)

    return packed


def asked_out_option(command: Callable[..., None]) -> Callable[..., None]:
    """The same of a command that draws nothing without --out."""

    @click.option("--out", type=click.Path(path_type=Path), help=f"Write the figure: {', '.join(SUFFIXES)}.")
    @style_option
    @wraps(command)
    def packed(*args: Any, out: Path | None, style: Style, **kwargs: Any) -> None:
        _require_suffix(out)
        command(*args, out=Out(out, style) if out else None, **kwargs)

    return packed


def _require_suffix(out: Path | None) -> None:
    """Raise UsageError for a figure that cannot be written, before anything is computed."""
    if out and out.suffix.lower() not in SUFFIXES:
        from ...base.errors import wrong

        raise wrong("--out", f"a name that ends in {', '.join(SUFFIXES)}", out.name)


def _require_other(out: Path | None, words: Iterable[Any]) -> None:
    """Raise UsageError for a figure that would be written over a file that the command reads."""
    from ...base.errors import UsageError

    if out and out.is_file():
        flat = [part for word in words for part in (word if isinstance(word, tuple) else (word,)) if isinstance(part, str | Path)]
        if any(os.path.exists(one) and os.path.samefile(one, out) for one in flat if "\0" not in str(one)):
            raise UsageError(f"{out} is read by this command, and would be written over: name another file with --out.")


def default_file(words: Mapping[str, Any]) -> Path:
    """The file of a figure whose name is not given: `look-features-pets-cat.png` of `look features runs/pets cat.jpg`."""
    context = click.get_current_context()
    arguments = [words.get(one.name or "") for one in context.command.params if isinstance(one, click.Argument)]
    verb = (context.info_name or "").removeprefix("look-")
    named = [re.sub(r"[^\w.-]+", "-", PurePath(str(word)).name.removesuffix(PurePath(str(word)).suffix)) for word in arguments if word]
    return Path("-".join(("look", verb, *filter(None, (name[:40].strip("-") for name in named)))) + ".png")


class Place(click.ParamType[tuple[int, ...]]):
    """Row and column from 0: `5,9`; one number for a token."""

    name = "y,x"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers."""
        try:
            return tuple(int(word) for word in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is no place such as 5,9 (row, column, from 0).", param, ctx)


def opened(model: str, size: tuple[int, int, int] | None = None, classes: int | None = None, seed: int = 0) -> "Subject":
    """What MODEL means; on stderr a word about untrained weights."""
    from ...base.errors import plain
    from ...look.target import subject

    found = subject(model, size, classes, seed)
    if not found.trained:
        by_hand = ".handmade." in type(found.model).__module__
        words = "is designed by hand: nothing in it is learnt" if by_hand else "is not trained: its weights are random"
        click.echo(f"{model} {words}.", err=True)
    if found.legal:
        click.echo(plain(f"{model}: {found.legal}"), err=True)
    return found


def opened_like(model: str, other: "Subject", classes: int | None = None, seed: int = 0) -> "Subject":
    """A second network next to `other`: with its input size where it is built here, with its own where it is trained."""
    from ...weights import is_origin

    trained = is_origin(model) or Path(model).is_dir()
    return opened(model, None if trained else other.input_size, None if trained else classes, seed)


def untrained(subject: "Subject") -> str:
    """What a title adds for a network with random weights."""
    return "" if subject.trained else " (untrained weights)"


def chosen_pictures(data: str, part: str, most: int, seed: int, quiet: bool) -> "tuple[Dataset, list[int], Progress]":
    """One part of DATA, the indices of at most so many of its pictures, drawn at random, and a progress bar."""
    from ...base.errors import unknown
    from ...base.progress import Progress
    from ...datasets.open import open_dataset
    from ...look.embedding import drawn

    parts = open_dataset(data).parts
    if part and part not in parts:
        raise unknown("part", part, parts)
    rows = parts[part or next(iter(parts))]
    chosen = drawn(rows, most, seed)
    return rows, chosen, Progress("features", len(chosen), quiet=quiet)


def embedded_pictures(subject: "Subject", data: str, part: str, most: int, seed: int, quiet: bool) -> "tuple[Dataset, list[int], Tensor]":
    """One part of DATA, the indices of those of `chosen_pictures` that can be read, and their features; on stderr how many cannot."""
    from ...look.embedding import embedded

    rows, chosen, progress = chosen_pictures(data, part, most, seed, quiet)
    with progress:
        read, vectors = embedded(subject, rows, chosen, progress)
    if lost := len(chosen) - len(read):
        click.echo(f"{lost:,} of {len(chosen):,} pictures cannot be read, and are left out: clearsight check says why.", err=True)
    return rows, read, vectors


def write_figure(frames: "Sequence[Figure]", out: Out, live: "Callable[[], Live] | None" = None) -> None:
    """The figure as a file, and on stderr where it is; an .html is the figure that `live` makes, where there is one."""
    from ...base.files import write_atomic
    from ...reports.live.page import page
    from ...reports.saving import saved

    suffix = out.path.suffix.lower()
    write_atomic(out.path, page(live(), frames[-1]) if live and suffix == ".html" else saved(frames, suffix))
    click.echo(f"figure     {out.path}", err=True)


def write_npz(path: Path | None, **arrays: Any) -> None:
    """Arrays as a file that numpy reads."""
    import io

    import numpy as np

    from ...base.files import write_atomic

    if path:
        stream = io.BytesIO()
        np.savez_compressed(stream, **arrays)
        write_atomic(path, stream.getvalue())


def numbers(values: Any) -> str:
    """Rows of numbers in columns."""
    rows = [[f"{float(v):.6g}".replace("-0", "0") if float(v) == 0 else f"{float(v):.6g}" for v in row] for row in values]
    width = max((len(cell) for row in rows for cell in row), default=0)
    return "\n".join("  ".join(cell.rjust(width) for cell in row) for row in rows)
