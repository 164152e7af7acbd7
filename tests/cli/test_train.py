"""`clearsight train`: its JSON, what it leaves in the run folder, and resuming what has ended; the doctor."""

import json


def test_train(trained, tmp_path):
    assert set(trained) == {"run", "model", "parameters", "epochs", "seconds", "pictures_per_second", "validation"}
    assert (trained["model"], trained["epochs"]) == ("pixels", 6)
    assert trained["parameters"] == 16 * 16 * 4 + 4
    top1 = trained["validation"]["top1"]
    assert (set(top1), top1["low"], top1["high"]) == ({"value", "low", "high", "reason"}, None, None)
    assert top1["reason"] == "these pictures chose the epoch" and "epoch" in trained["validation"]["decided"]
    left = {path.name for path in (tmp_path / trained["run"]).iterdir()}
    assert left >= {
        "config.json", "model.safetensors", "README.md", "golden", "recipe.toml", "results.csv", "split.csv", "events", "checkpoints",
        "report.html",
    }  # fmt: skip


def test_resume_a_finished_run_changes_nothing(clearsight, trained, tmp_path):
    before = (tmp_path / trained["run"] / "model.safetensors").read_bytes()
    said = clearsight("train", "--resume", trained["run"], "--json")
    assert said.code == 0, said.err
    assert (tmp_path / trained["run"] / "model.safetensors").read_bytes() == before


def test_columns_and_pictures_left_out_are_those_of_the_run(clearsight, scans, tmp_path):
    rows = [f"{path.relative_to(scans)};{path.parent.name};{i}" for i, path in enumerate(sorted(scans.rglob("*.png")))]
    table = scans.parent / f"{scans.name}-columns.csv"
    table.write_text("\n".join(["picture_key;digit;serial", *(f"{scans.name}/{row}" for row in rows)]) + "\n")
    (tmp_path / "out.txt").write_text(rows[0].split(";")[0].join((f"{scans.name}/", "\n")))
    options = ("--model", "pixels", "--epochs", "1", "--out", tmp_path / "run", "-q")
    refused = clearsight("train", table, *options)
    assert refused.code == 2 and "--columns path=" in refused.err
    chosen = ("--columns", "path=picture_key,label=digit", "--leave-out", tmp_path / "out.txt")
    assert clearsight("check", table, *chosen, "-q", "--json").out.count("picture_key") == 0
    assert clearsight("train", table, *chosen, *options).code == 0
    split = (tmp_path / "run" / "split.csv").read_text()
    assert len(split.splitlines()) == len(rows) and rows[0].split(";")[0] not in split
    assert clearsight("evaluate", tmp_path / "run", "-q").code == 0


def test_the_doctor_prints_a_line_for_each_check_and_trains_nothing(clearsight, scans, tmp_path):
    said = clearsight("train", scans, "--model", "lenet5", "--speed", "plain", "--doctor", "--figure", "rates.png", "-q")
    assert said.code == 0, said.out + said.err
    assert said.err == "" and "12 checks of lenet5 on scans" in said.out.replace("\n", " ")
    assert (tmp_path / "rates.png").stat().st_size > 1000 and not (tmp_path / "runs").exists()


def test_the_doctor_s_json_and_exit_code(clearsight, scans):
    said = clearsight("train", scans, "--model", "lenet5", "--optimizer", "sgd", "--lr", "1e6", "--doctor", "--json", "-q")
    read = json.loads(said.out)
    assert said.code == 1 and read["verdict"] == "stop"
    assert next(row for row in read["findings"] if row["check"] == "learning rate")["option"].startswith("--lr 0.")


def test_what_the_doctor_refuses(clearsight, scans):
    assert "--figure is of the range test" in clearsight("train", scans, "--figure", "a.png").err
    assert clearsight("train", scans, "--doctor", "--figure", "a.xyz").code == 2
    assert "leave out --doctor" in clearsight("train", "--resume", "runs/a", "--doctor").err


def test_resume_auto_begins_or_continues(clearsight, scans, tmp_path):
    words = ("train", scans, "--model", "pixels", "--epochs", "1", "--out", str(tmp_path / "run"), "--resume", "auto", "-q")
    first, again = clearsight(*words), clearsight(*words)
    assert first.code == again.code == 0 and first.out == again.out
    assert "epochs was 1, is 2" in clearsight(*words, "--epochs", "2").err
    assert "leave out --resume auto" in clearsight("train", scans, "--resume", "auto", "--doctor").err
    assert "train needs DATA" in clearsight("train", "--resume", "auto", "--out", "x").err
