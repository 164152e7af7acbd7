"""A check's report as tables for people."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..base.errors import plain
from ..datasets.check import CheckResult

MOST = 8


def tables(report: CheckResult) -> list[RenderableType]:
    """Counts per class and part, sizes, findings with examples, and the verdict, to print in this order."""
    shown: list[RenderableType] = [Text(f"{report.name}: {report.pictures:,} pictures"), _counts(report), _facts(report)]
    findings = (
        ("unreadable", [f"{source}: {reason}" for source, reason in report.unreadable]),
        ("leaks: the same picture in two parts", _lines(report.leaks)),
        ("conflicts: the same picture in two classes", _lines(report.conflicts)),
        ("exact duplicates", _lines(report.duplicates)),
        ("near duplicates across parts", _lines(report.near_leaks)),
        ("near duplicates", _lines(report.near_duplicates)),
        ("blank", report.blank),
        ("tiny", report.tiny),
    )
    shown += [_finding(title, lines) for title, lines in findings if lines]
    shown += [Text(f"note: {note}", style="dim") for note in report.notes]
    shown += [Text(f"warning: {line}", style="yellow") for line in report.warnings]
    shown += [Text(f"problem: {line}", style="bold red") for line in report.poisonous]
    if not report.poisonous:
        shown.append(Text("Nothing here would invalidate a result.", style="bold green"))
    return shown


def _counts(report: CheckResult) -> Table:
    parts = list(report.counts)
    table = Table("class", *parts, box=None, header_style="bold")
    labels = list(report.counts[parts[0]])
    for label in labels[:40]:
        table.add_row(Text(plain(label)), *(f"{report.counts[part][label]:,}" for part in parts))
    if len(labels) > 40:
        table.add_row(f"… {len(labels) - 40} more classes", *[""] * len(parts))
    return table


def _facts(report: CheckResult) -> Text:
    sizes = ", ".join(f"{name} {width}×{height}" for name, (width, height) in report.sizes.items())
    kinds = ", ".join(f"{n:,} {name}" for name, n in [*report.formats.items(), *report.modes.items()])
    return Text(f"sizes: {sizes}\nkinds: {kinds}\nlargest class / smallest class: {report.imbalance:g}")


def _finding(title: str, lines: list[str]) -> RenderableType:
    rest = [Text(f"  … {len(lines) - MOST:,} more (all with --json)")] if len(lines) > MOST else []
    return Group(Text(f"{title}: {len(lines):,}", style="bold"), *(Text(f"  {plain(line)}") for line in lines[:MOST]), *rest)


def _lines(groups: list[list[str]]) -> list[str]:
    return [" = ".join(group[:4]) + (f" = … ({len(group)})" if len(group) > 4 else "") for group in groups]
