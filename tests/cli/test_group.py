"""What a person gets who mistypes: one clear line, and exit code 2."""

import pytest

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
