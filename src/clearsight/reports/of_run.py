"""The reports of a run folder: after training (judged on validation) and after evaluation (on test)."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from html import escape
from pathlib import Path

from ..base.errors import ClearsightError, UsageError
from ..base.files import PAGE_MARK, inside, make_folder, require_ours, write_json
from ..base.lock import REPORT, hold
from ..base.stored import taken_from
from ..classifier import Classifier, validation
from ..classifier.stamp import Stamp, computed_by, judged_on
from ..datasets.dataset import Dataset
from ..evaluation.answers import save as save_answers
from ..evaluation.evaluate import Evaluation, evaluate
from ..evaluation.held_out import Chosen
from ..evaluation.recorded import recorded
from ..experiments import LADDER
from ..experiments.rungs import FILE as RUNGS
from ..experiments.rungs import rungs
from ..recipes.compose import saved
from ..recipes.recipe import Pretraining
from ..runs import mirror
from ..runs.held_out import HeldOut
from ..runs.held_out import read as read_held_out
from ..runs.run import Run, folder_here
from ..runs.state import run_name
from ..runs.trained import Trained
from ..weights import is_origin, short
from . import findings
from .limits import limits
from .report import Kept, card, write_report


def report_training(trained: Trained, *, quiet: bool, ladder: bool = False) -> Path:
    """Judge on the validation part and write `report.html` into the run folder.

    With `ladder` the report of a cross-validated head has the rungs below it, which takes some seconds. A run at an address has it there.
    """
    report = _reported(trained, quiet, ladder)
    mirror.send(trained.run)
    return report


def _reported(trained: Trained, quiet: bool, ladder: bool) -> Path:
    if "val" not in trained.parts.parts:
        return _report_held_out(trained, read_held_out(trained.run), ladder)
    val, classifier = trained.parts.parts["val"], trained.classifier.faster()
    evaluation = evaluate(classifier, val, no_interval=validation.reason(classifier.facts), quiet=quiet)
    on = judged_on(val, trained.parts.name, "val")
    evaluation = replace(evaluation, stamp={"judged_on": on, **computed_by(classifier)})
    return report_evaluation(Run(trained.run), trained.classifier, evaluation, val, "validation")


def _report_held_out(trained: Trained, held_out: HeldOut | None, ladder: bool) -> Path:
    """The report of a run without validation pictures: on its training pictures, each judged by a head that has not learnt from it.

    Where no label could be held out it has no figures yet.
    """
    if held_out is None:
        run, path, title = Run(trained.run), trained.run / "report.html", f"{trained.classifier.architecture} on {trained.parts.name}"
        with hold(run.folder, REPORT, wait=True):
            write_report(path, title=title, facts=_facts(run, trained.classifier), history=[], classifier=trained.classifier)
        return path
    classifier, data = trained.classifier, trained.parts.parts["train"].subset(held_out.places.numpy())
    stamp: Stamp = {"judged_on": judged_on(data, trained.parts.name, "train"), **computed_by(classifier)}
    evaluation = Evaluation(
        classifier.classes, data.names, held_out.labels.numpy(), held_out.logits.numpy(), views=classifier.views, stamp=stamp
    )
    if ladder:
        seed = saved(trained.run / "recipe.toml").seed
        write_json(trained.run / RUNGS, rungs(data, held_out, seed, classifier.facts.get("tuning", {})))
    return report_evaluation(Run(trained.run), classifier, evaluation, data, validation.FOLDS)


@contextmanager
def report_folder(model: str, chosen: Chosen, out: str) -> Iterator[Path]:
    """Where the report of an evaluation goes, made if it is not there, and gone again if it stays empty: `out`, else the classifier's own.

    Other pictures than the run's test part have a folder of their own in `judged/`, so that the run's report stays. Pretrained weights
    have no folder: they get `runs/DATA-STORE-NAME`. A folder that is not the classifier's is locked meanwhile. Raises InUse when a
    run, or another report, is made there, UsageError when it is the run of another classifier, ClearsightError when it cannot be written.
    """
    if is_origin(model):
        own = Path("runs") / run_name(chosen.name, short(model))
    else:
        own = Path(model) if chosen.is_test else inside(Path(model), "judged", run_name(chosen.name, chosen.label))
    folder = folder_here(out, "runs") if out else own
    mine = not is_origin(model) and folder.resolve() in (own.resolve(), Path(model).resolve())
    try:
        with nullcontext() if mine else hold(folder):
            if not mine and (folder / "recipe.toml").is_file():
                raise UsageError(
                    f"{folder} exists already: it is the run of another classifier, whose report stays. Name another --out (path=)."
                )
            _require_writable(folder)
            yield folder
    finally:
        with suppress(OSError):
            folder.rmdir()


def _require_writable(folder: Path) -> None:
    """Make the folder if it is not there; raises ClearsightError when it cannot be made or written, before anything is computed."""
    for name in ("report.html", "scorecard.html"):
        require_ours(folder / name, PAGE_MARK)
    try:
        make_folder(folder)
    except OSError as error:
        raise ClearsightError(
            f"cannot make the folder {folder} for the report: {error.strerror or error}. Name another with --out (path=)."
        ) from error
    if not os.access(folder, os.W_OK):
        raise ClearsightError(f"cannot write the report into {folder}: not allowed. Name another folder with --out (path=).")


def report_evaluation(
    run: Run, classifier: Classifier, evaluation: Evaluation, data: Dataset, part: str, *, name: str = "", folder: Path | None = None
) -> Path:
    """Write `report.html`, `evaluation.json` and the answers into the run folder, or into `folder`.

    `name` is that of other data than the run's. A run that is a rung of a ladder has the ladder in its report.
    """
    folder = folder or run.folder
    path = folder / "report.html"
    if "weights" not in evaluation.stamp:  # it was made by other means than `judge`
        on = judged_on(data, name or str(classifier.facts.get("data", "")), part)
        evaluation = replace(evaluation, stamp={"judged_on": on, **computed_by(classifier), "precision": evaluation.precision})
    with hold(folder, REPORT, wait=True):  # so that the files are of one evaluation
        save_answers(folder, recorded(evaluation, part, data.digests))
        write_json(folder / "evaluation.json", {"part": part, **evaluation.to_json()})
        write_page(path, run, classifier, evaluation, data, part, name=name, more=findings.cards(folder))
    return path


def write_page(
    path: Path, run: Run | None, classifier: Classifier, evaluation: Evaluation, data: Dataset | None, part: str, *, name: str = "",
    more: str = "",
) -> None:  # fmt: skip
    """Write the page to `path`, with the history of its `run`, None for a classifier without one; `more` are HTML cards."""
    write_report(
        path,
        title=f"{classifier.architecture or 'classifier'} on {name or classifier.facts.get('data', 'pictures')}",
        facts=_facts(run, classifier),
        history=run.rows() if run else [],
        evaluation=evaluation,
        evaluation_part=part,
        dataset=data,
        classifier=classifier,
        kept=kept(classifier),
        more=_tuning(classifier) + limits(evaluation) + (_ladder(run.folder.parent) if run else "") + more,
    )


def _tuning(classifier: Classifier) -> str:
    """The card on tuning as a challenger of the solved head; empty where nothing was asked."""
    found = classifier.facts.get("tuning")
    says = found.get("says") if isinstance(found, Mapping) else None
    return card("Head or tuned network", f"{escape(str(says)[:1].upper() + str(says)[1:])}.", "") if says else ""


def _ladder(folder: Path) -> str:
    """The cards of the ladder in `folder`; empty without one."""
    if not (folder / LADDER).is_file():
        return ""
    from ..experiments.ladder import LadderResult
    from .ladder import cards

    found = LadderResult.read(folder)
    with taken_from(folder / LADDER, "the file of a ladder"):
        return cards(found)


def kept(classifier: Classifier) -> Kept | None:
    """Whose weights the classifier's run has kept, as far as its facts know."""
    epoch, souped = (classifier.facts.get(name, 0 if name == "soup" else None) for name in ("best_epoch", "soup"))
    return Kept(epoch, souped) if isinstance(epoch, int) and isinstance(souped, int) else None


def _facts(run: Run | None, classifier: Classifier) -> dict[str, str]:
    facts: dict[str, object] = {**({"run": run.folder} if run else {}), "model": classifier.architecture}
    facts |= {"views": classifier.views} if classifier.views else {}
    facts |= {name: value for name, value in classifier.facts.items() if not isinstance(value, dict)}
    if run and (run.folder / "recipe.toml").is_file():
        recipe = saved(run.folder / "recipe.toml")
        told = (
            "size",
            "channels",
            "fit",
            "batch",
            "optimizer",
            "lr",
            "schedule",
            "weight_decay",
            "label_smoothing",
            "ema",
            "augment",
            "keep",
        )
        facts |= {name: getattr(recipe, name) for name in told}
        known, _ = run.divided()
        facts |= known.get("hardware", {})
        verb = "pretrain" if isinstance(recipe, Pretraining) else "train"
        facts["command"] = shlex.join(["clearsight", verb, known["data"], "--recipe", str(run.folder / "recipe.toml")])
    return {name: str(value) for name, value in validation.titled(facts).items()}
