"""What `clearsight check --json` found, as groups of pictures by their numbers, the gravest kinds first."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A kind of finding: its key in the JSON, what a page calls it, and what a person may do."""

    key: str
    title: str
    advice: str


# a group that is in an earlier kind is not shown again in a later one
KINDS = (
    Kind("unreadable", "Unreadable files", "Replace or remove them: training and evaluation stop there."),
    Kind("leaks", "The same picture in several parts", "Keep it in one part: a picture that was learnt proves nothing in a test."),
    Kind("conflicts", "The same picture with different labels", "At least one of the labels is wrong."),
    Kind("duplicates", "Exact copies", "One is enough: each copy counts again."),
    Kind("near_leaks", "Near duplicates across parts", "Look at them: if they are one picture, keep it in one part."),
    Kind("near_duplicates", "Near duplicates", "Look at them: a split may divide them."),
    Kind("blank", "Blank pictures", "Nothing can be learnt from a picture of one colour."),
    Kind("tiny", "Pictures under 8 px", "Too small to show anything."),
    Kind("several", "Files with several pages or frames", "Only the first is read."),
)  # fmt: skip


def groups(found: Mapping[str, Any], row_of: Mapping[str, int]) -> list[dict[str, Any]]:
    """The kinds with findings: title, advice, and `groups` of the numbers of pictures; `reasons` by number for unreadable ones."""
    seen: set[tuple[int, ...]] = set()
    told = []
    for kind in KINDS:
        rows = [tuple(row_of[name] for name in names if name in row_of) for names in _members(found[kind.key])]
        fresh = [group for group in rows if group and group not in seen]
        seen.update(group for group in fresh if len(group) > 1)
        if fresh:
            reasons = {row_of[one["source"]]: one["reason"] for one in found["unreadable"]} if kind.key == "unreadable" else {}
            told.append({"kind": kind.key, "title": kind.title, "advice": kind.advice, "groups": fresh, "reasons": reasons})
    return told


def _members(listed: Sequence[Any]) -> list[list[str]]:
    """Groups of names, where single pictures are groups of one."""
    return [one if isinstance(one, list) else [one["source"] if isinstance(one, dict) else one] for one in listed]
