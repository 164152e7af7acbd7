"""What several verbs share: the help of settings, by section."""

import re

import pytest

from clearsight.base.settings import sections
from clearsight.cli.common import FIRST, MOST_USED, flag, sentence
from clearsight.recipes.recipe import WITHOUT_LABELS, Pretraining, Recipe


@pytest.mark.parametrize(("verb", "settings", "without"), [("train", Recipe, ()), ("pretrain", Pretraining, WITHOUT_LABELS)])
def test_help_has_every_setting_in_its_section(clearsight, verb, settings, without):
    parts = re.split(r"^(\S[^:\n]*):\n", clearsight(verb, "--help").out, flags=re.MULTILINE)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    found = {title: re.findall(r"^  (?:-\w, )?(--[\w-]+)", part, re.MULTILINE) for title, part in pairs}
    assert {"--resume", "--json", "--help"} <= set(found.pop("Options"))
    first = found.pop(MOST_USED)
    assert first == [name for name in FIRST if name in first] and {"--out", "--model", "--epochs", "--lr"} <= set(first)
    expected = {
        title: names
        for title, fields in sections(settings).items()
        if (names := [name for field in fields if field.name not in without and (name := flag(field.name)) not in FIRST])
    }
    assert found == expected


def test_a_value_that_a_help_begins_with_keeps_its_letters():
    assert (sentence("lbfgs: loss of the head"), sentence("pictures per step")) == ("lbfgs: loss of the head.", "Pictures per step.")


def test_sections_of_a_recipe_hold_few_settings_each():
    counts = {title: len(fields) for title, fields in sections(Recipe).items()}
    assert "" not in counts and max(counts.values()) <= 14
