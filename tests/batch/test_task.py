"""Tasks: names of their files, cuts, and their text."""

from dataclasses import replace

from clearsight.batch.task import Job, Task, job_of, packed, task_of
from clearsight.datasets.shards.reading import Shard

TASK = Task(Shard("s3://b/train-0001.tar", 10, "s3://b/train-0001.tar 10 etag"), ("ü\udcff.png", "b.png"))


def test_the_text_is_read_back():
    assert task_of(packed(TASK)) == TASK
    job = Job("runs/x", views=None, asked={"top": 3, "coverage": 0.9})
    assert job_of(packed(job)) == job and "\n" not in packed(TASK)


def test_the_file_of_a_shard_is_named_after_it_and_its_content():
    assert TASK.key.startswith("train-0001-") and len(TASK.key) == len("train-0001-") + 16
    changed = replace(TASK, shard=replace(TASK.shard, state="another etag"))
    assert len({TASK.key, changed.key, replace(TASK, files=()).key}) == 3
    assert replace(TASK, start=3, stop=5, tries=1).key == TASK.key, "parts of a shard are in its file"
    odd = replace(TASK, shard=replace(TASK.shard, address="/x/../a b&<c>.tar"))
    assert odd.key.startswith("a_b__c_-")


def test_a_cut_keeps_every_picture_and_a_single_one_is_tried_again():
    first, second = replace(TASK, tries=1).cut(4, 5)
    assert (first.start, first.stop, first.tries) == (0, 4, 2) and (second.start, second.stop, second.tries) == (4, 5, 0)
    assert TASK.whole and not first.whole and not second.whole
