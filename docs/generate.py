"""Write the reference pages from the code: `python docs/generate.py`. A test compares them with what is here."""

import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import click

import clearsight as package
from clearsight.base.settings import sections
from clearsight.cli import clearsight
from clearsight.cli.group import VERBS
from clearsight.models import facts
from clearsight.recipes.compose import built_in
from clearsight.recipes.recipe import Recipe
from clearsight.studio.lecture import glossary
from clearsight.studio.lecture.slides import slides
from clearsight.weights.fetch import published

FACTS = Path(facts.__file__).with_suffix(".csv")
DOCS = Path(__file__).parent
WIDTH = 100
MADE = "<!-- Made by docs/generate.py from the code. Do not edit. -->\n\n"


def helps() -> Iterator[tuple[str, str, click.Command]]:
    """(name, help text, command) of `clearsight` itself and of every verb, at a fixed width."""
    settings = {**clearsight.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    with click.Context(clearsight, info_name="clearsight", **settings) as top:
        yield "clearsight", clearsight.get_help(top), clearsight
        for verb in VERBS:
            command = clearsight.get_command(top, verb)
            assert command is not None, f"{verb} is listed and is not there"
            with click.Context(command, info_name=verb, parent=top, terminal_width=WIDTH, max_content_width=WIDTH) as context:
                yield f"clearsight {verb}", command.get_help(context), command
                for word in command.list_commands(context) if isinstance(command, click.Group) else []:
                    part = command.get_command(context, word)
                    assert part is not None, f"{verb} {word} is listed and is not there"
                    with click.Context(part, info_name=word, parent=context, terminal_width=WIDTH, max_content_width=WIDTH) as within:
                        yield f"clearsight {verb} {word}", part.get_help(within), part


def cli_page() -> str:
    """Every verb's `--help`."""
    sections = [f"## {name}\n\n```text\n{_trimmed(text)}\n```\n" for name, text, _ in helps()]
    lead = "What `clearsight VERB --help` says, for every verb. Exit codes: 0 done, 1 failed, 2 wrong usage.\n\n"
    return f"{MADE}# The command line\n\n{lead}" + "\n".join(sections)


def recipes_page() -> str:
    """The fields of `Recipe` by section, then the built-in recipes as they ship."""
    hints = get_type_hints(Recipe)
    tables = []
    for title, fields in sections(Recipe).items():
        rows = ["| setting | type | default | allowed | meaning |", "|---|---|---|---|---|"]
        for field in fields:
            default = f"`{field.default}`" if field.default != "" else "empty"
            cells = (f"`{field.name}`", hints[field.name].__name__, default, _allowed(field), _cell(field.metadata["help"]))
            rows.append(f"| {' | '.join(cells)} |")
        tables.append(f"## {title}\n\n" + "\n".join(rows) + "\n")
    ship = [f"### {name}\n\n```toml\n{path.read_text(encoding='utf-8').strip()}\n```\n" for name, path in built_in().items()]
    lead = (
        "A recipe contains all settings of a training. A setting has one name in Python (`weight_decay=`), in a recipe file\n"
        "(`weight_decay =`) and on the command line (`--weight-decay`). Settings that are not given come from `--recipe`;\n"
        "those not in the recipe have the default below. The recipe of a run is saved as `recipe.toml` in its folder.\n\n"
    )
    return f"{MADE}# Recipes\n\n{lead}" + "\n".join(tables) + "\n## Built-in recipes\n\n" + "\n".join(ship)


def models_page() -> str:
    """Every network of `clearsight models`, oldest first."""
    titles = (
        "name",
        "family",
        "year",
        "parameters",
        "stored",
        "MB",
        "MACs",
        "depth",
        "at input",
        "classes",
        "top-1",
        "top-5",
        "licence",
        "recipe",
        "paper",
    )
    rows = [f"| {' | '.join(titles)} |", "|---|---|---|---:|---:|---:|---:|---:|---|---:|---:|---:|---|---|---|"]
    for row in sorted(facts.every(), key=lambda row: (row.year or 0, row.name)):
        size = "×".join(str(n) for n in row.input_size)
        known = published(row.name)
        accuracy = " | ".join([*(f"{known[key]:.1%}" if known[key] else "" for key in ("top1", "top5")), known["licence"] or ""])
        parameters = row.parameters - row.auxiliary
        counts = f"{parameters:,} | {row.stored:,} | {row.megabytes:,.1f} | {row.macs:,} | {row.depth} | {size} | {row.classes:,}"
        rows.append(f"| `{row.name}` | {row.family} | {row.year} | {counts} | {accuracy} | `{row.recipe}` | {_cell(row.paper)} |")
    lead = (
        "`clearsight models` lists them, `clearsight models NAME` shows one layer by layer. Everything is counted at the stated input\n"
        "(channels×height×width) and number of classes; a network takes other sizes, and the first and last layer follow your data.\n"
        "Parameters are what training changes, without auxiliary heads, which do not run in evaluation.\n"
        "Stored are the parameters and the running statistics of batch norm, as Keras counts; MB\n"
        "are theirs in float32, in units of 2²⁰ bytes. MACs are multiply-adds of convolutions, linear layers and attention. Depth is\n"
        "the number of layers with weights on the longest way.\n"
        "Top-1 and top-5 on ImageNet are what the publishers of the weights say: Keras for `NAME.keras`, the authors for\n"
        "EfficientNet-Lite, else torchvision (0.28), and so is the licence: weights under CC-BY-NC-4.0 are not for commercial\n"
        "use, and come only by their tag. The\n"
        "recipe is the one that `train` takes when none is named. A network may also be [a formula](../how-to/formula.md).\n\n"
    )
    return f"{MADE}# Networks\n\n{lead}" + "\n".join(rows) + "\n"


def _value(path: str, value: float) -> str:
    """`650`, `30,730`, `true`; a year without a comma."""
    return str(value).lower() if isinstance(value, bool) or path.endswith("year") else f"{value:,}"


def lecture_page() -> str:
    """The slides of the lecture in their order, each with its commands and the numbers that a test asserts."""
    rows = []
    for one in slides():
        lines = "\n".join(f"clearsight {run.command}{' --out figure.png' * run.figure}" for run in one.runs)
        numbers = [f"`{path}` = {_value(path, value)}" for run in one.runs for path, value in run.expect.items()]
        asserted = f"\n\nAsserted, with `--json`: {', '.join(numbers)}." if numbers else ""
        rows.append(f"## {one.title}\n\n{one.sees}\n\n```sh\n{lines}\n```{asserted}\n")
    lead = (
        "Each slide of the lecture with the command that answers it, in the lecture's order. Every command on this page runs in the\n"
        "tests, its figure is made, and the numbers named are compared. Two small runs and two pictures are needed:\n\n"
        "```sh\nclearsight train digits --model pixels --out pixels\n"
        "clearsight train digits --model lenet5 --out lenet5\n```\n\n"
        "`digit.png` is a test digit, `cat.jpg` a photograph. Any other one will do, but the sizes asserted below are this one's; it\n"
        "comes with scikit-image (`pip install scikit-image`):\n\n"
        "```python\nfrom PIL import Image\nfrom skimage import data\n\nimport clearsight as cs\n\n"
        'Image.fromarray(cs.open_dataset("digits").parts["test"].source(0)).save("digit.png")\n'
        'Image.fromarray(data.chelsea()).save("cat.jpg")\n```\n\n'
        "`--size slide --theme dark` draws any figure for a projector; the suffix of the file is its format: `.png`, `.svg`, `.pdf` or\n"
        "`.html`.\n\n"
    )
    return f"{MADE}# The lecture, slide by slide\n\n{lead}" + "\n".join(rows)


def public() -> list[tuple[str, Any]]:
    """(name, object) of what `clearsight` gives by name, in the order of the alphabet."""
    names = [name for name in package.__all__ if not name.startswith("_")]
    return [(name, getattr(package, name)) for name in sorted(names, key=str.lower)]


def api_index_page() -> str:
    """Every public name with the first sentence of its docstring; on the site a name leads to its entry."""
    rows = ["| name | description |", "|---|---|"]
    for name, thing in public():
        shown = f"[`{name}`][{_path(thing)}]" if inspect.isroutine(thing) or inspect.isclass(thing) else f"`{name}`"
        rows.append(f"| {shown} | {_cell(_first_sentence(thing))} |")
    lead = (
        "`import clearsight` is fast and does not import torch; each name is imported when it is first used. Names that are not listed\n"
        "here may change without notice. Entries: [functions](functions.md) and [classes](classes.md). They have their text on the web\n"
        "site (`make site`); in Python, `help(clearsight.train)` prints the same.\n\n"
    )
    return f"{MADE}# Python\n\n{lead}" + "\n".join(rows) + "\n"


def api_functions_page() -> str:
    """An entry for every public function, which the site fills from its docstring."""
    return f"{MADE}# Python functions\n\n" + "\n".join(_entry(name, thing) for name, thing in public() if inspect.isroutine(thing))


def api_classes_page() -> str:
    """An entry for every public class, which the site fills from its docstrings."""
    return f"{MADE}# Python classes\n\n" + "\n".join(_entry(name, thing) for name, thing in public() if inspect.isclass(thing))


def _entry(name: str, thing: Any) -> str:
    return f"::: {_path(thing)}\n    options:\n      heading: clearsight.{name}\n      toc_label: {name}\n"


def _path(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _first_sentence(thing: Any) -> str:
    paragraph = " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    return paragraph.partition(". ")[0].rstrip(".") + "."


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _allowed(field: dataclasses.Field) -> str:  # type: ignore[type-arg]
    rules = field.metadata
    if rules["choices"]:
        return ", ".join(f"`{choice}`" for choice in rules["choices"])
    if rules["low"] is None and rules["high"] is None:
        return ""
    if rules["high"] is None:
        return f"at least {rules['low']:,}"
    return f"{rules['low']:,} to {rules['high']:,}"


# path below docs/ → what makes the page
def glossary_page() -> str:
    """The words, as the studio has them."""
    return MADE + glossary.PAGE.read_text(encoding="utf-8")


PAGES = {
    "reference/cli.md": cli_page,
    "reference/recipes.md": recipes_page,
    "reference/models.md": models_page,
    "lecture.md": lecture_page,
    "glossary.md": glossary_page,
    "api/index.md": api_index_page,
    "api/functions.md": api_functions_page,
    "api/classes.md": api_classes_page,
}


def main() -> None:
    """Count the networks anew, then write every page."""
    FACTS.write_text(facts.table(), encoding="utf-8")
    facts.written.cache_clear()
    for name, page in PAGES.items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
