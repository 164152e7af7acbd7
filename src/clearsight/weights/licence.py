"""Licences of published weights, and of classifiers made from them.

A classifier that is fine-tuned or distilled from weights, or contains them, keeps their licence among its facts.
"""

import re
from collections.abc import Mapping
from typing import Any

FACT = "weights_licence"
NOT_STATED = "not stated"
CHECKED = "weights_checked"
OWN_FILE = "nothing: it is a file of no catalogue here"
# SWAG, MAE, ConvNeXt V2 and DINO are CC-BY-NC; FAIR's and Apple's research licences say it in words
_NON_COMMERCIAL = re.compile(r"(^|[^a-z])nc([^a-z]|$)|non-?commercial|research|amlr")


def non_commercial(licence: str) -> bool:
    """Whether a licence, by its name, rules out commercial use."""
    return bool(_NON_COMMERCIAL.search(licence.lower()))


def told(licence: str) -> str:
    """The licence in words, with a note if it excludes commercial use or is not stated."""
    if NOT_STATED in licence:
        return f"{licence}: ask their authors"
    return f"{licence}, not for commercial use" if non_commercial(licence) else licence


def inherited(*facts: Mapping[str, Any]) -> dict[str, str]:
    """The licence fact of a classifier made from all of these: their licences, each once; empty without licences."""
    found = {one for of in facts if isinstance(of.get(FACT), str) for one in of[FACT].split(" + ")}
    return {FACT: " + ".join(sorted(found))} if found else {}


def said(facts: Mapping[str, Any]) -> str:
    """One line on the licence of the published weights that a classifier with these facts was made from, or ""."""
    if not isinstance(facts.get(FACT), str):
        return ""
    checked = f"; the file was checked by {facts[CHECKED]}" if facts.get(CHECKED) else ""
    return f"licence of the weights: {told(facts[FACT])}{checked}"
