"""`--split` is `--part`: both name a part of the data, wherever a command takes one."""

import click
import pytest

from clearsight.cli import clearsight

COMMANDS = ("attack", "compare", "evaluate", "stress", "labels errors", "labels next", "look augment", "look embedding")


@pytest.mark.parametrize("words", COMMANDS)
def test_both_options_are_one_setting(words):
    command, context = clearsight, click.Context(clearsight)
    for word in words.split():
        command = command.get_command(context, word)
    (part,) = [option for option in command.params if option.name == "part"]
    assert part.opts == ["--part", "--split"]
    for option in part.opts:
        values, _, _ = command.make_parser(context).parse_args([option, "val"])
        assert values["part"] == "val"
