"""The routes of the screen Break, with a computation that only repeats what it was asked."""

import pytest

from clearsight.studio.jobs import Jobs, Told
from clearsight.studio.library import data
from tests.studio.web.test_app import studio as studio

RUN, DATA = "runs/pets & cats", "runs/my data"


@pytest.fixture
def asked(studio):
    """`asked(method, path)` below /api/networks/ID; {p} is a picture, {d} a data set."""
    one = data(DATA)
    studio.library.data = {one.id: one}
    kept = studio.library.keep(b"GIF", "a b.png").id

    def ask(method, path):
        more = {"headers": {"content-type": "application/json"}, "content": b"{}"} if method == "POST" else {}
        return studio(method, f"/api/networks/{studio.network}/{path.format(p=kept, d=one.id)}", **more)

    return ask


def test_questions_carry_their_options_and_the_command_that_does_the_same(asked):
    begin = f"clearsight attack '{RUN}' 'a b.png' --method"
    wanted = {
        "slider/{p}": ("slider", {"target": None}, f"{begin} fgsm"),
        "slider/{p}?target=2": ("slider", {"target": 2}, f"{begin} fgsm"),
        "survival/{p}?target=2": ("survival", {"target": 2}, None),
        "attacked/{p}?method=pgd-l2&epsilon=0.5": (
            "attacked",
            {"method": "pgd-l2", "epsilon": 0.5},
            f"{begin} pgd-l2 --epsilon 0.5 --json",
        ),
        "mixed/{p}?changes=fog:3,motion_blur:1&seed=7": ("mixed", {"changes": [["fog", 3], ["motion_blur", 1]], "index": 7}, None),
        "mixed/{p}": ("mixed", {"changes": [], "index": 0}, None),
    }
    for path, (what, options, command) in wanted.items():
        status, found = asked("GET", path)
        assert (status, found["asked"], found["words"], found.get("command")) == (200, what, RUN, command)
        assert {name: found[name] for name in options} == options
    status, found = asked("GET", "panel/{p}?seed=3&part=2")
    assert (status, found["index"], found["part"]) == (200, 3, 2) and found["command"].startswith(
        f"clearsight look challenges '{RUN}' 'a b.png' --only"
    )


@pytest.mark.parametrize(
    "path",
    [
        "slider/{p}?target=a", "attacked/{p}?method=--out&epsilon=0.1", "attacked/{p}?method=pgd&epsilon=0",
        "attacked/{p}?method=pgd&epsilon=nan",
        "attacked/{p}?method=pgd", "mixed/{p}?changes=fog:6", "mixed/{p}?changes=fog", "mixed/{p}?changes=../x:1", "mixed/{p}?seed=-1",
        "mixed/{p}?changes=fog:1,fog:1,fog:1,fog:1,fog:1", "job/attack?n=0", "job/attack?n=1e3", "job/attack?n=200000",
        "job/attack?method=--out",
        "job/attack?epsilon=8/255/3", "job/attack?epsilon=-1", "job/attack?out=x", "job/stress?device=x",
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line(asked, path):
    status, found = asked("GET", path)
    assert status == 400 and found["error"]


def test_what_is_unknown_is_not_found(asked):
    assert asked("GET", "job/train")[0] == 404 and asked("GET", "job/attack?data=d_0")[0] == 404
    assert asked("GET", "slider/p_0")[0] == 404


def test_a_job_is_a_command_with_the_words_of_the_library(asked, monkeypatch):
    states = {"start": Told("running", "pgd 10/20", None), "told": Told("done", "", {"n": 3}), "stop": Told("stopped", "", None)}
    lines = []
    for name in states:
        monkeypatch.setattr(Jobs, name, lambda self, *words, name=name: lines.append(words) or states[name])
    found = asked("POST", "job/attack?data={d}&n=50&method=fgsm&epsilon=4/255")[1]
    assert (found["state"], found["said"]) == ("running", "pgd 10/20")
    assert found["command"] == f"clearsight attack '{RUN}' '{DATA}' --n 50 --method fgsm --epsilon 4/255 --json"
    assert asked("GET", "job/stress")[1]["result"] == {"n": 3}
    assert asked("POST", "job/stress/stop?n=9")[1]["state"] == "stopped"
    assert lines == [
        ("attack", RUN, DATA, "--n", "50", "--method", "fgsm", "--epsilon", "4/255", "--json"),
        ("stress", RUN, "--n", "200", "--json"), ("stress", RUN, "--n", "9", "--json"),
    ]  # fmt: skip
