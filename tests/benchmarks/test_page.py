"""docs/performance.md is what the results say, and a benchmark that fails says so there."""

import importlib.util
import runpy
import sys

import pytest
from common import ROOT, compare

spec = importlib.util.spec_from_file_location("benchmarks_all", ROOT / "benchmarks" / "all.py")  # its name is a builtin's
page_maker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page_maker)

# they count what went wrong, or what a part costs, beside no peer
PROOFS = {"identity.py", "killed_ranks.py", "races.py", "scale.py", "scaled_decodes.py", "serve_faults.py", "uneven_shards.py"}
OWN_PAGE = {"side_by_side.py", "lecture.py"}  # docs/how-to/next-to.md: steps, and not rates; figures of the lecture
HELPERS = {
    "all.py",
    "common.py",
    "peers.py",
    "scale_page.py",
    "simulate.py",
    "studio_class.py",
    "studio_data.py",
    "studio_scroll.py",
    "studio_slider.py",
}
SCRIPTS = sorted(path.name for path in (ROOT / "benchmarks").glob("*.py") if path.name not in HELPERS)


def result(**changes) -> dict:
    rows = [compare("`a|b`, training", [300.0, 330.0], [100.0, 100.0], "pictures/s", against="loop")]
    made = {"script": "x.py", "title": "A title", "rows": rows, "hardware": {"processor": "P"}, "versions": {"torch": "2"}, "notes": []}
    return {**made, "command": "python benchmarks/x.py --rounds 2", "date": "2026-01-02", "minutes": 3.5, **changes}


def test_page_is_current():
    assert page_maker.PAGE.read_text(encoding="utf-8") == page_maker.page(page_maker.kept(page_maker.RESULTS)), (
        "python benchmarks/all.py --page"
    )


def test_every_benchmark_is_in_the_list():
    assert set(SCRIPTS) - PROOFS - OWN_PAGE <= {part.script for part in page_maker.PARTS.values()}
    assert len(SCRIPTS) >= 6


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_benchmark_starts(script, monkeypatch, capsys):
    """As a script, but in this process, which has imported torch."""
    monkeypatch.setattr(sys, "argv", [str(ROOT / "benchmarks" / script), "--help"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(sys.argv[0], run_name="__main__")
    assert left.value.code in (0, None)
    assert f"python benchmarks/{script}" in capsys.readouterr().out


def test_section_has_command_table_notes_and_what_it_was_measured_on():
    lines = page_maker.section("x", result(notes=["keras is missing: no network"])).splitlines()
    assert lines[0] == "## A title"
    assert "python benchmarks/x.py --rounds 2" in lines
    assert "| what | against | Clearsight | peer | unit | ratio | n |" in lines
    assert "| `a\\|b`, training | loop | 315 (300 to 330) | 100 | pictures/s | 3.15× (3.00 to 3.30) | 2 |" in lines
    assert "- keras is missing: no network" in lines
    assert lines[-1] == "2026-01-02, 3.5 min. processor P, torch 2"


def test_section_without_result_and_without_rows():
    assert "Not measured yet." in page_maker.section("x", None)
    text = page_maker.section("x", result(rows=[], notes=["no GPU here"]))
    assert "|" not in text and "- no GPU here" in text
    assert "```text\n12 of 12\n```" in page_maker.section("x", result(rows=[], text="12 of 12"))


@pytest.mark.parametrize(
    ("code", "rows", "note", "text"),
    [
        ("import json; open(sys.argv[-1], 'w').write(json.dumps(RESULT))", 1, [], ""),
        ("print('found all') if len(sys.argv) == 2 else sys.exit(2)", 0, [], "found all"),
        ("print('half'); sys.exit(3)", 0, ["failed with exit code 3"], ""),
        ("open(sys.argv[-1], 'w').write('{')", 0, [], ""),
    ],
    ids=["json", "text", "failing", "broken"],
)
def test_whatever_a_script_does_there_is_a_result(tmp_path, monkeypatch, code, rows, note, text):
    script = tmp_path / "x.py"
    script.write_text("import sys\n" + code.replace("RESULT", repr(result())))
    monkeypatch.setitem(page_maker.PARTS, "x", page_maker.Part(str(script), "-a", "-b"))
    page_maker.measure("x", tmp_path / "results", quick=False)
    found = page_maker.kept(tmp_path / "results")["x"]
    assert (len(found["rows"]), found["notes"], found.get("text", "")) == (rows, note, text)
    assert found["command"].endswith("x.py -a")
    assert page_maker.section("x", found).startswith("## ")
