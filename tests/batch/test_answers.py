"""The pure function: rows in the order of the pictures, from shards, files and stores."""

from clearsight.base.remote import store
from clearsight.batch.answers import answers, error_row
from clearsight.batch.plan import plan
from clearsight.batch.task import Job
from clearsight.batch.worker import opened


def test_sources_of_all_kinds_answer_the_same(model, tars, s3):
    job, golden = Job(str(model), asked={"top": 2}), model / "golden"
    for path in golden.glob("*.png"):
        store.write(f"{s3.folder}/{path.name}", path.read_bytes())
    classifier, told = opened(job), []
    kinds = {}
    for word in (str(golden), s3.folder, str(tars / "train-0000.tar")):
        (task,) = plan([word], [])
        kinds[word] = list(answers(classifier, job, task, lambda n, of: told.append((n, of))))
    here, there, tar = kinds.values()
    assert [row["member"] for row in here] == [row["member"] for row in there] == ["00.png", "01.png", "02.png", "03.png"]
    assert [row["top"] for row in here] == [row["top"] for row in there]
    assert [row["label"] for row in tar] == [row["label"] for row in [*here, here[0]]]
    assert told[:2] == [(0, 4), (1, 4)] and told[-1] == (5, 5)
    assert error_row(plan([str(golden)], [])[0], "abc", "SIGSEGV") == {
        "shard": str(golden), "member": "00.png", "error": "its process ended while it was classified (SIGSEGV)", "model": "abc"
    }  # fmt: skip
