"""What several verbs share: the help of settings, by section."""

import re

import pytest

from clearsight.base.settings import sections
from clearsight.cli.common import flag
from clearsight.recipes.recipe import WITHOUT_LABELS, Pretraining, Recipe


@pytest.mark.parametrize(("verb", "settings", "without"), [("train", Recipe, ()), ("pretrain", Pretraining, WITHOUT_LABELS)])
def test_help_has_every_setting_in_its_section(clearsight, verb, settings, without):
    parts = re.split(r"^(\S[^:\n]*):\n", clearsight(verb, "--help").out, flags=re.MULTILINE)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    found = {title: re.findall(r"^  (?:-\w, )?(--[\w-]+)", part, re.MULTILINE) for title, part in pairs}
    assert {"--out", "--resume", "--json", "--help"} <= set(found.pop("Options"))
    expected = {
        title: names
        for title, fields in sections(settings).items()
        if (names := [flag(field.name) for field in fields if field.name not in without])
    }
    assert found == expected


def test_sections_of_a_recipe_hold_few_settings_each():
    counts = {title: len(fields) for title, fields in sections(Recipe).items()}
    assert "" not in counts and max(counts.values()) <= 14
