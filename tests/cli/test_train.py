"""`clearsight train`: its JSON, what it leaves in the run folder, and resuming what has ended."""


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
