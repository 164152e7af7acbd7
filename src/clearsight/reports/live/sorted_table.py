"""The lecture's table of 26 models as a figure that lives: sorted by any column, each count computed again."""

from ...models.history import keras_models, keras_remarks
from .page import Live

LEAD = "Every count of parameters is that of a network built here; the other columns are the lecture's table."
COLUMNS = (
    {"key": "model", "title": "model"}, {"key": "size_mb", "title": "MB"}, {"key": "top1", "title": "top-1", "digits": 3},
    {"key": "top5", "title": "top-5", "digits": 3}, {"key": "counted", "title": "parameters"}, {"key": "depth", "title": "depth"},
    {"key": "topological", "title": "depth, computed"},
)  # fmt: skip


def live_keras() -> Live:
    """The 26 models of Keras."""
    keys = [str(column["key"]) for column in COLUMNS]
    rows = [{key: row[key] for key in keys} for row in keras_models()]
    return Live("sorted_table", "26 models that are trained already", LEAD, {"columns": COLUMNS, "rows": rows, "remarks": keras_remarks()})
