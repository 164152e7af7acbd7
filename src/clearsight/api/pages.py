"""`report`: a model's report as a page; and the figures and pages that results are saved as."""

from pathlib import Path

from ..base.errors import UsageError
from ..base.files import PAGE_MARK, require_ours, write_atomic
from ..base.result import drawn_by
from ..evaluation.evaluate import Evaluation
from ..evaluation.held_out import choose
from ..evaluation.judge import judge
from ..evaluation.stress import StressResult
from ..look.unit import LISTED, Recomputation
from ..look.why import Explanation
from ..runs.run import Run
from .sources import Data, Model, data_of, open_model

FIGURES = (".png", ".svg", ".pdf")


def report(
    model: Model,
    data: Data | None = None,
    *,
    path: str | Path = "",
    split: str = "test",
    views: str | None = None,
    batch_size: int = 0,
    speed: str = "auto",
    device: str = "auto",
    quiet: bool = False,
    allow_code: bool = False,
) -> Path:
    """Evaluate a model and write its report, one HTML page with accuracy, mistakes, calibration and provenance; returns its path.

    `path` is an .html file, or a folder that gets report.html and evaluation.json; without it they go into the model's own folder, and for
    other pictures than its test part into a folder in `judged/` there, as with `clearsight evaluate`. The other arguments are as of
    `evaluate`. Raises UsageError for a classifier in memory without a `path`, and where `path` is a file of another program.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> cs.report(run, quiet=True).name
    'report.html'
    """
    from ..reports.of_run import report_evaluation, report_folder, write_page

    opened, file = open_model(model, device=device, allow_code=allow_code), Path(path)
    if not path and not opened.folder:
        raise UsageError("a classifier that was made in memory has no folder for its report: say where, as in path='report.html'.")
    single = file.suffix.lower() == ".html"
    if single:
        require_ours(file, PAGE_MARK)
    classifier = opened.classifier.faster(speed)
    classifier = classifier if views is None else classifier.viewed(views)
    chosen = choose(opened.folder, data_of(model, data, split), split, quiet=quiet)
    name = "" if chosen.own else chosen.name
    run = Run(Path(opened.folder)) if opened.folder and Path(opened.folder).is_dir() else None
    if single:
        found = judge(classifier, chosen, batch_size=batch_size, quiet=quiet)
        write_page(file, run, classifier, found, chosen.dataset, chosen.part, name=name)
        return file
    with report_folder(opened.folder, chosen, str(file.resolve()) if path else "") as folder:
        found = judge(classifier, chosen, batch_size=batch_size, quiet=quiet)
        return report_evaluation(run or Run(folder), classifier, found, chosen.dataset, chosen.part, name=name, folder=folder)


def _evaluation(found: Evaluation, path: Path) -> None:
    from ..reports.report import write_report

    require_ours(path, PAGE_MARK)
    on = found.stamp.get("judged_on", {})
    facts = {"data": on.get("data", ""), "weights": str(found.stamp.get("weights", "")), "computed": found.stamp.get("when", "")}
    told = {name: value for name, value in facts.items() if value}
    title = f"Evaluation on {on.get('data', 'pictures')}"
    write_report(path, title=title, facts=told, evaluation=found, evaluation_part=on.get("part", "all"), dataset=found.data)


def _explanation(found: Explanation, path: Path) -> None:
    from ..reports.figures.explanation import heat_figure
    from ..reports.saving import saved

    if found.subject is None or found.picture is None:
        raise UsageError("this explanation came without its picture, which the figure shows: clearsight.explain(model, picture) keeps it.")
    write_atomic(path, saved([heat_figure(found.subject, found.picture, found)], path.suffix.lower()))


def _stress(found: StressResult, path: Path) -> None:
    from ..reports.figures.scorecard import scorecard_figure
    from ..reports.saving import saved

    title = found.stamp.get("judged_on", {}).get("data", "pictures")
    write_atomic(path, saved([scorecard_figure(found, f"Stress test on {title}")], path.suffix.lower()))


def _recomputation(found: Recomputation, path: Path) -> None:
    from ..reports.figures.unit import unit_figure
    from ..reports.saving import saved

    write_atomic(path, saved([unit_figure(found.place, found, LISTED)], path.suffix.lower()))


drawn_by(Evaluation, (".html",), _evaluation)
drawn_by(Explanation, FIGURES, _explanation)
drawn_by(StressResult, FIGURES, _stress)
drawn_by(Recomputation, FIGURES, _recomputation)
