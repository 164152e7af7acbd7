"""What a person gets who mistypes: one clear line, and exit code 2."""

import click
import pytest

from clearsight.cli import clearsight as program
from clearsight.cli.group import ALIASES, ours
from tests.pictures import digit_folder


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("trian", "x"), "no verb is called 'trian'. Did you mean train or pretrain?"),
        (("train",), "train needs DATA"),
        (("train", "digits", "--epoch", "3"), "Did you mean one of: '--epochs'"),
        (("train", "digits", "--epochs", "three"), "'three' is not a valid integer"),
        (("train", "digits", "--epochs", "0"), "epochs must be at least 1. Got 0."),
        (("train", "digits", "--lr", "nan"), "lr must be a number"),
        (("train", "digits", "--model", "swfit"), "Did you mean swift or"),
        (("train", "digits", "--recipe", "quik"), "Did you mean quick?"),
        (("train", "digits", "--recipe", "missing.toml"), "cannot read missing.toml"),
        (("train", "digits", "--speed", "fast"), "no speed is called 'fast'"),
        (("train", "digits", "--augment", "filp"), "Did you mean flip?"),
        (("train", "digits", "--device", "cuda:9"), "device 'cuda:9' cannot be used here"),
        (("train", "digit"), "digits"),
        (("train", "fashion_mnist"), "fashion-mnist"),
        (("train", "nowhere/at/all"), "nowhere/at/all"),
        (("train", "--resume", "nowhere"), "no run to resume in nowhere"),
        (("train", "--resume", "nowhere", "--epochs", "3"), "leave out --epochs"),
        (("evaluate", "nowhere", "digits"), "no classifier at nowhere"),
        (("classify", "nowhere", "a.png"), "no classifier at nowhere"),
        (("classify",), "Missing argument"),
        (("models", "resnet19"), "Did you mean resnet18"),
        (("verify", "nowhere"), "no classifier at nowhere"),
    ],
)
def test_one_clear_line(clearsight, words, says):
    said = clearsight(*words)
    assert said.code in (1, 2) and said.out == ""
    line = said.err.strip().splitlines()[-1]
    assert line.startswith("clearsight: ") and says in line, said.err
    assert "Traceback" not in said.err


def test_a_run_folder_that_exists_is_left_alone(clearsight, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    folder = digit_folder(tmp_path / "data", per_class=8, classes=2)
    said = clearsight("train", folder, "--model", "pixels", "--epochs", "1", "--out", "./mine")
    assert said.code == 2 and "exists already and is left as it is" in said.err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_an_unknown_option_of_a_recipe_file_is_named(clearsight, tmp_path):
    (tmp_path / "my.toml").write_text("epocs = 3\n")
    said = clearsight("train", "digits", "--recipe", "my.toml")
    assert said.code == 2 and "Did you mean epochs?" in said.err


def meant(verb: str, *words: str) -> list[str]:
    command = program.get_command(click.Context(program), verb)
    return list(ours(command, click.Context(command), list(words)))


def test_options_of_other_programs_are_taken():
    assert meant("train", "d", "--batch-size", "3", "--learning_rate=0.1") == ["d", "--batch", "3", "--lr=0.1"]
    assert meant("train", "--weight_decay", "0", "--optim", "adam") == ["--weight-decay", "0", "--optimizer", "adam"]
    assert meant("evaluate", "m", "--tta=mirror", "--", "--tta") == ["m", "--views=mirror", "--", "--tta"]
    assert meant("attack", "m", "d", "--eps", "8/255") == ["m", "d", "--epsilon", "8/255"]
    assert meant("classify", "m", "--wd", "0") == ["m", "--wd", "0"]  # has no weight decay: the error names the word that was typed


def test_an_alias_means_an_option_of_ours_and_hides_none():
    with click.Context(program) as ctx:
        options = {
            name: {word for parameter in program.get_command(ctx, name).params for word in parameter.opts}
            for name in program.list_commands(ctx)
        }
    every = set().union(*options.values())
    assert set(ALIASES.values()) <= every
    for verb, known in options.items():
        for alias, name in ALIASES.items():
            assert not {alias, name} <= known, f"{verb} has both {alias} and {name}"


def test_names_are_read_without_regard_to_case(clearsight):
    assert clearsight("train", "digits", "--optimizer", "ADAM", "--epochs", "0").err.endswith("epochs must be at least 1. Got 0.\n")
