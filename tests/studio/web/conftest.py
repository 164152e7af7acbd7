"""Every command that a route says is one that the command line takes: each is parsed after the test that has asked for it."""

import shlex
from types import SimpleNamespace

import click
import pytest

from clearsight.cli import clearsight
from clearsight.studio.web import data


def parsed(words: list[str]) -> click.Context:
    """What the command line makes of words, without computing; raises what it would refuse them with."""
    command: click.Command = clearsight
    context, name = click.Context(clearsight), "clearsight"
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        context = click.Context(command, parent=context, info_name=name) if isinstance(command, click.Group) else context
    return command.make_context(name, words, parent=context)


@pytest.fixture(autouse=True)
def commands(monkeypatch):
    """The commands that were said."""
    said = []
    monkeypatch.setattr(data, "shlex", SimpleNamespace(join=lambda words: said.append(words) or shlex.join(words)))
    yield said
    for program, *words in said:
        assert program == "clearsight"
        try:
            parsed(words)
        except click.ClickException as error:
            pytest.fail(f"{shlex.join(words)}: {error.format_message()}")
