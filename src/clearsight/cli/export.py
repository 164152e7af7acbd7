"""`clearsight export MODEL`."""

import click

from .common import json_option, model_code_option, print_json, quiet_option

KINDS = ("onnx", "fitted", "pt2")
TO_HELP = "onnx: takes pictures of any size (default); fitted: ONNX that takes fitted pictures; pt2: for PyTorch. May be repeated."


@click.command()
@click.argument("model")
@click.option("--out", default=None, help="File (NAME.onnx) or folder of the export (default: MODEL/export).")
@click.option("--to", multiple=True, type=click.Choice(KINDS), help=TO_HELP)
@click.option("--int8", is_flag=True, help="Also NAME-int8.onnx: convolutions and matrix products in whole numbers of 8 bits.")
@click.option("--calibrate", metavar="DATA", help="Pictures that set int8's ranges (default: the training pictures of MODEL's data).")
@click.option(
    "--tolerate",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 100),
    help="Points of accuracy that int8 may lose; more is refused.",
)
@model_code_option
@quiet_option
@json_option
def export(
    model: str, out: str | None, to: tuple[str, ...], int8: bool, calibrate: str | None, tolerate: float, quiet: bool, as_json: bool
) -> None:  # fmt: skip
    """Write MODEL as one ONNX file that takes pictures and returns calibrated probabilities, with the preprocessing inside.

    Before it is written, the file is run in ONNX Runtime on the golden pictures and 32 more: it must answer as MODEL does.

    \b
      clearsight export runs/pets                      # runs/pets/export/model.onnx
      clearsight export runs/pets --to onnx --to fitted
      clearsight export runs/pets --int8               # and model-int8.onnx, judged before it is written
      clearsight export torchvision:resnet50 --out resnet50.onnx
    """
    from ..api.files import export as export_model
    from ..base.errors import UsageError, plain

    if calibrate and not int8:
        raise UsageError("--calibrate goes with --int8.")

    found = export_model(model, out, to=to, int8=int8, calibrate=calibrate, tolerate=tolerate, quiet=quiet)
    if as_json:
        print_json(found.to_json())
        return
    for file in found.files:
        click.echo(f"{plain(file.path)}  {file.bytes / 1e6:,.1f} MB, {file.entry} → {', '.join(file.outputs)}")
        click.echo(f"checked: {file.checked.sentence()}")
    for made in found.int8:
        click.echo(plain(made.path))
        click.echo(made.table())
