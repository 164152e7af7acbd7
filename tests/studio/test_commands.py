"""Every command that a screen prints, run: its JSON has the numbers that the screen shows."""

import base64
import json
import re
import shlex
import shutil
from collections import Counter
from importlib.resources import files

import httpx
import numpy as np
import pytest
from click.testing import CliRunner

import clearsight as cs
from clearsight.cli import clearsight
from clearsight.studio.compute import reader, worker
from clearsight.studio.compute.loop import answered
from clearsight.studio.compute.process import Failed
from clearsight.studio.compute.reader import Reader
from clearsight.studio.compute.session import Session
from clearsight.studio.jobs import Jobs, Told
from clearsight.studio.library import Library, data, network
from clearsight.studio.web.app import create_app
from tests.loop import run
from tests.pictures import digit_folder

# a file of the page → the cases of its places that print a command, in their order; several cases of one place have | between them
PLACES = {
    "break/single.js": ("attacked",), "break/slider.js": ("slider",), "break/stress.js": ("panel",),
    "data/map.js": ("space",), "data/problems.js": ("applied",), "job.js": ("checked|attack_of_all|stress_of_all|judged",),
    "lecture/exercises.js": ("exercise|own_exercise",), "lecture/lesson.js": ("sheet", "key"), "lecture/slides.js": ("needed", "slides"),
    "networks/editor.js": ("formula",), "networks/history.js": ("keras", "descent", "winners"), "networks/one.js": ("architecture",),
    "networks/table.js": ("registry",), "pictures/heat.js": ("why",), "pictures/neighbours.js": ("neighbours", "novelty"),
    "report/compare.js": ("judged", "compared"), "runs/beside.js": ("beside",), "screens/camera.js": ("camera",),
    "screens/inside.js": ("layers", "filters", "field"), "screens/labels.js": ("suspects", "applied"),
    "screens/microscope.js": ("unit|pixel",), "screens/pictures.js": ("scores", "mistakes", "answer", "way", "maps"),
    "screens/report.js": ("answers",), "screens/train.js": ("resumed",),
    "train/form.js": ("begun", "examined"),
}  # fmt: skip
# what is not run here, and why
ELSEWHERE = {
    "sheet": "it writes a file to hand out; its exercises are those of `exercise`",
    "key": "as sheet",
    "needed": "a training, so that commands of slides have a run: its result is that run",
    "slides": "tests/docs/test_lecture.py runs every command of the slides, and compares every number",
    "camera": "it trains on the pictures that were taken: its result is a run, which is a screen of its own",
    "begun": "it is the command that Train starts, word for word (test_trainings.py): its result is a run",
    "resumed": "as begun",
    "beside": "the page draws the rows of files, which no command computes; the verdict on two runs is on Compare",
}
PARTS = re.compile(r"(?<![.\w])(?:command|same)\((?!\))|\bmap\(command\)|\bfound\.apply\b")
DEFINED = ("parts.js", "break/same.js")
M, N = ("runs/a", "runs/b")
PICTURE = "a digit.png"
SAME = ("exact", "survives", "norm", "epsilon", "method", "box", "access", "size")  # of an attack


class Page:
    """What a page asks, answered in this process: the same routes and the same computation; and commands, run in this process too."""

    def __init__(self, folder):
        self.library, self.jobs = Library(folder), {}
        self.library.look_again()
        self.library.data = {one.id: one for one in map(data, ("scans", "marked"))}
        self.app = create_app(self.library, Here(worker.FUNCTIONS, Session()), Here(reader.FUNCTIONS, Reader()))
        self.m, self.d = network(M).id, data("scans").id
        with open(PICTURE, "rb") as file:
            self.p = self.library.keep(file.read(), PICTURE).id
        self.runs = {row.name: row.id for row in self.library.runs.listed()}

    def ask(self, method, path, **more):
        async def go():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://studio") as client:
                return await client.request(method, f"/api/{path}", **more)

        found = run(go())
        assert found.status_code == 200, found.text
        return found.json()

    def get(self, path):
        return self.ask("GET", path)

    def ready(self, path):
        """An answer that comes in steps."""
        while not (found := self.get(path)).get("ready", found.get("place", {}).get("ready")):
            continue
        return found

    def start(self, *words):
        """A job, done at once; but of `check` the page shows the JSON as it is, and the words say which."""
        self.jobs[words] = Told("done", "", printed(shlex.join(["clearsight", *words])) if words[0] == "check" else {"words": words})
        return self.jobs[words]


class Here:
    """The compute process, without a process."""

    state = "ready"

    def __init__(self, functions, kept):
        self.functions, self.kept = functions, kept

    def ask(self, what, *, kind="", **arguments):
        found = json.loads(answered(self.functions, self.kept, json.dumps({"what": what, "arguments": arguments}).encode()))
        if "error" in found:
            raise Failed(found["error"])
        return found["result"]


def printed(command):
    """The JSON that a command prints: it is the whole of stdout."""
    program, *words = shlex.split(command)
    assert program == "clearsight" and "--json" in words, command
    done = CliRunner().invoke(clearsight, words, catch_exceptions=False)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page above two runs, both judged, their pictures and one picture that was dropped."""
    folder = tmp_path_factory.mktemp("commands")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("CLEARSIGHT_CACHE", str(folder / "cache"))
        scans = digit_folder(folder / "scans", per_class=15, classes=3)
        copied = min((scans / "two").iterdir()).read_bytes()
        (folder / PICTURE).write_bytes(copied)
        (scans / "two" / "again.png").write_bytes(copied)
        shutil.copytree(scans, folder / "marked")
        for name, lr in ((M, 0.01), (N, 0.002)):
            cs.train("scans", model="lenet5", epochs=3, lr=lr, speed="plain", out=name, quiet=True)
        for name in (M, N):
            printed(f"clearsight evaluate {name} --json -q")
        one = Page(folder)
        patch.setattr(Jobs, "start", lambda _, *words: one.start(*words))
        patch.setattr(Jobs, "told", lambda _, *words: one.jobs[words])
        yield one


def near(found):
    return pytest.approx(found, rel=1e-5, abs=1e-6)


def array(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def of_picture(page, what, options=""):
    """What the page shows of the picture, and what the command prints."""
    found = page.get(f"networks/{page.m}/{what}/{page.p}{options}")
    return found, printed(found["command"])


def answer(page):
    shown, said = of_picture(page, "answer")
    (said,) = said if isinstance(said, list) else [said]
    assert shown["answer"] == said


def scores(page):
    shown, said = of_picture(page, "scores")
    rows = {row["class"]: row for row in said["classes"]}
    assert len(shown["rows"]) == 3 and shown["temperature"] == said["temperature"]
    for row in shown["rows"]:
        assert (row["logit"], row["probability"]) == near((rows[row["label"]]["z"], rows[row["label"]]["calibrated"]))


def way(page):
    shown, said = of_picture(page, "way")
    assert [(one["name"], one["says"]) for one in shown["steps"]] == [(one["name"], one["says"]) for one in said["stages"]]


def mistakes(page):
    shown, said = of_picture(page, "mistakes")
    assert shown["answers"] == said["answers"] and len(said["answers"]) > 2


def maps(page):
    shown, said = of_picture(page, "maps")
    drawn = {stage.pop("name"): stage for stage in shown["stages"]}
    for stage in drawn.values():
        assert all(one.pop("values") for one in stage["channels"])
    assert drawn == said and sum(len(stage["channels"]) for stage in said.values()) > 16


def unit(page):
    shown, said = of_picture(page, "unit", "?layer=conv1&channel=2&at=3,4")
    assert {name: shown[name] for name in said} == said and said["equal"]


def pixel(page):
    down = []
    while "pixel" not in (shown := page.get(f"networks/{page.m}/unit/{page.p}?layer=conv1&channel=2&at=3,4&down={','.join(down)}")):
        down.append(".".join(map(str, [0] * len(shown["levels"][-1]["at"]) + [0])) if shown["limits"] else "0")
    one = shown["pixel"]
    said = printed(shown["command"])["pixels"][one["channel"]]
    assert {**one, "value": one["recomputed"]} | said == {**one, "value": one["recomputed"]} and one["value"] == near(said["value"])


def why(page):
    shown, said = of_picture(page, "why", "?method=grad-cam")
    assert {name: shown[name] for name in said} == said and said["checks"]


def layers(page):
    found = page.get(f"networks/{page.m}/layers")
    shown, said = found["network"], printed(found["command"])
    rows = {row["name"]: row for row in said["layers"]}
    assert len(shown["layers"]) > 5 and (shown["parameters"], shown["macs"]) == (said["parameters"], said["macs"])
    for row in shown["layers"]:
        assert {name: row[name] for name in rows[row["name"]]} == rows[row["name"]]


def field(page):
    found = page.get(f"networks/{page.m}/layers")
    rows = {row["layer"]: row for row in printed(found["field_command"])}
    assert len(found["field"]["layers"]) > 3
    for row in found["field"]["layers"]:
        assert {name: row[name] for name in rows[row["layer"]]} == rows[row["layer"]]


def filters(page):
    shown = page.get(f"networks/{page.m}/filters")
    said = printed(shown["command"])
    assert (shown["layer"], shown["shape"], shown["rows"]) == (said["layer"], said["shape"], said["filters"])


def neighbours(page):
    shown = page.ready(f"neighbours/{page.m}/{page.p}/{page.d}")
    said = printed(shown["command"])
    assert [(one["name"], one["label"]) for one in shown["near"]] == [(one["name"], one["label"]) for one in said]
    assert [one["cosine"] for one in shown["near"]] == near([one["cosine"] for one in said])


def novelty(page):
    shown = page.ready(f"neighbours/{page.m}/{page.p}/{page.d}")
    said = printed(shown["novelty_command"])
    assert shown["novelty"]["value"] == near((said[0] if isinstance(said, list) else said)["novelty"])


def space(page):
    version = page.get(f"data/{page.d}")["version"]
    shown = page.ready(f"data/{page.d}/space/{page.m}?v={version}")
    said = printed(shown["command"])
    assert (shown["purity"], shown["chance"], shown["dimensions"]) == near((said["purity"], said["chance"], said["dimensions"]))
    places = array(shown["places"], "<f4").reshape(-1, 2)
    assert places == pytest.approx(np.array([[one["x"], one["y"]] for one in said["pictures"]]), abs=1e-4)


def attacked(page):
    shown, said = of_picture(page, "attacked", "?method=bim&epsilon=0.1")
    assert {name: shown[name] for name in SAME} == {name: said[name] for name in SAME}
    assert (shown["answers"]["before"], shown["largest"]) == (said["before"], said["largest_change"])


def slider(page):
    shown = page.get(f"networks/{page.m}/slider/{page.p}")
    step = next(step for step in shown["steps"] if step["level"] == 64)
    said = printed(f"{shown['command']} --epsilon 64/255 --json")  # as static/break/slider.js has it
    assert (step["top"][0]["label"], step["top"][0]["confidence"]) == (said["exact"]["label"], near(said["exact"]["confidence"]))


def panel(page):
    shown, said = of_picture(page, "panel", "?seed=3&part=1")
    rows = {row["challenge"]: row for row in said["challenges"]}
    assert len(shown["challenges"]) > 3
    for row in shown["challenges"]:
        row.pop("corruption")
        assert row == rows[row["challenge"]]


def job(page, path, options="", **more):
    """A job whose JSON the page shows as it is: the command is the job itself."""
    shown = page.ask("POST", f"{path}{options}", **more)
    assert shown["command"] == shlex.join(["clearsight", *shown["result"]["words"]]) and "--json" in shown["result"]["words"]


def checked(page):
    shown = page.ask("POST", f"data/{page.d}/problems")
    said = printed(shown["command"])
    names = page.get(f"data/{page.d}/sheet?rows={','.join(map(str, range(46)))}&v={page.get(f'data/{page.d}')['version']}")["names"]
    assert (shown["poisonous"], shown["warnings"], shown["notes"]) == (said["poisonous"], said["warnings"], said["notes"])
    assert shown["kinds"]
    for kind in shown["kinds"]:
        groups = [[names[row] for row in group] for group in kind["groups"]]
        listed = [one if isinstance(one, list) else [one["source"] if isinstance(one, dict) else one] for one in said[kind["kind"]]]
        assert all(sorted(group) in [sorted(one) for one in listed] for group in groups)


def attack_of_all(page):
    job(page, f"networks/{page.m}/job/attack", "?n=5&method=fgsm&epsilon=8/255")


def stress_of_all(page):
    job(page, f"networks/{page.m}/job/stress", "?n=2")


def judged(page):
    job(page, f"runs/{page.runs['a']}/judging", "?part=val")


def examined(page):
    job(page, "trainings/forecast", json={"data": page.d, "start": "none", "settings": {"model": "pixels", "epochs": 1}})


def timeless(found):
    """JSON without what two runs of one computation differ in."""
    if isinstance(found, dict):
        return {name: timeless(value) for name, value in found.items() if name not in ("when", "seconds", "per_second", "at")}
    return [timeless(one) for one in found] if isinstance(found, list) else found


def answers(page):
    shown = page.get(f"runs/{page.runs['a']}/answers")
    said = printed(shown["command"])
    assert (shown["n"], shown["top1"]) == (said["n"], said["top1"])
    assert (shown["nll"], shown["ece"]) == near((said["nll"], said["ece"]))
    right = array(shown["labels"], "<i4") == array(shown["choices"], "<i4")
    assert right.mean() == near(said["top1"]["value"])


def compared(page):
    shown = page.get(f"compare?a={page.runs['a']}&b={page.runs['b']}")
    said = printed(shown["command"])
    assert timeless(shown["figures"]) == timeless(said)


def suspects(page):
    version = page.get(f"data/{page.d}")["version"]
    shown = page.ready(f"data/{page.d}/labels?v={version}")
    said = printed(shown["command"])
    rows = [(one["name"], one["given"], one["guess"]) for one in shown["items"][:20]]
    assert rows == [(one["picture"], one["given"], one["likely"]) for one in said["ranking"][:20]]
    assert shown["estimate"]["n"] == near(said["estimated_errors"]["n"])


def applied(page):
    marked = f"data/{data('marked').id}"
    version = page.get(marked)["version"]
    decision = {"row": 3, "kind": "label", "label": "nine", "why": ""}
    page.ask("POST", f"{marked}/decisions", json={"version": version, "since": 0, "decisions": [decision]})
    shown = page.get(f"{marked}/decisions")
    said = printed(page.get(f"{marked}/labels?v={version}")["apply"] + " --json")  # without it people read a table
    assert shown["decided"] == len(said["changes"]) == said["decisions"]["label"]
    assert {(one["name"], one["label"], one["was"]) for one in shown["last"]} == {
        (one["picture"], one["label"], one["was"]) for one in said["changes"]
    }


def exercise(page):
    shown = page.get("exercises/cell/7")
    (said,) = printed(shown["command"])["exercises"]
    for name in ("title", "question", "points"):
        assert shown[name] == said[name]
    parts = [{name: value for name, value in part.items() if name != "example"} for part in shown["parts"]]
    assert parts == said["parts"]


def own_exercise(page):
    shown = page.get(f"exercises/own-parameters/7?network={page.m}&picture={page.p}")
    assert printed(shown["command"])["parameters"] == page.get(f"networks/{page.m}")["parameters"]


def registry(page):
    found = page.get("zoo")
    said = printed(found["commands"]["rows"])
    rows = {row["name"]: {name: value for name, value in row.items() if name != "id"} for row in found["rows"]}
    assert rows == {row["name"]: row for row in said}


def keras(page):
    found = page.get("zoo")
    assert found["keras"] == printed(found["commands"]["keras"])


def descent(page):
    found = page.get("zoo")
    assert found["descent"] == printed(found["commands"]["descent"])


def winners(page):
    found = page.get("zoo")
    said = printed(found["commands"]["ilsvrc"])
    assert [(row["year"], row["error"]) for row in found["ilsvrc"]["rows"]] == [(row["year"], row["error"]) for row in said["winners"]]
    assert found["ilsvrc"]["human"] == said["human"]


def architecture(page):
    id = next(one.id for one in page.library.registry.values() if one.name == "resnet18")
    shown = page.get(f"zoo/{id}")
    (said,) = printed(shown["command"])
    assert {name: shown[name] for name in ("parameters", "macs", "depth", "weights", "largest_field")} == {
        name: said[name] for name in ("parameters", "macs", "depth", "weights", "largest_field")
    }
    rows = {row["name"]: row for row in said["layers"]}
    assert all(rows[row["name"]]["parameters"] == row["parameters"] for row in shown["figure"]["layers"])


def formula(page):
    asked = {"text": "[conv8 relu pool]*2 fc16 softmax", "size": [3, 32, 32], "classes": 5, "which": "a"}
    shown = page.ask("POST", "formula", json=asked)
    (said,) = printed(shown["command"])
    assert (shown["parameters"], shown["macs"], shown["depth"]) == (said["parameters"], said["macs"], said["depth"])


CASES = {name: globals()[name] for names in PLACES.values() for place in names for name in place.split("|") if name not in ELSEWHERE}


@pytest.mark.parametrize("case", CASES)
def test_the_command_that_a_screen_prints_has_the_screens_numbers(page, case):
    CASES[case](page)


def test_every_place_of_the_page_that_prints_a_command_is_listed():
    static = files("clearsight.studio").joinpath("static")
    found = Counter()
    for name, text in sources(static):
        found[name] = sum(
            len(PARTS.findall(line)) for line in text.splitlines() if not line.lstrip().startswith(("/*", "*", "//", "import"))
        )
    found = {name: n for name, n in found.items() if n and name not in DEFINED}
    assert found == {name: len(places) for name, places in PLACES.items()}


def sources(folder, prefix=""):
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            yield from sources(one, f"{prefix}{one.name}/")
        elif one.name.endswith(".js"):
            yield prefix + one.name, one.read_text(encoding="utf-8")
