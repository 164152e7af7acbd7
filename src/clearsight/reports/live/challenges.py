"""The lecture's challenges on one picture as a figure that lives."""

from ...look.challenges import Challenged
from .page import Live
from .picture import png

LEAD = "Clutter, illumination, occlusion, deformation, noise: what a person hardly notices can change the answer."
SAYS = {
    "surround": "clutter around it", "gamma": "illumination", "patch": "occlusion", "elastic": "deformation", "gaussian_noise": "noise",
}  # fmt: skip


def live_challenges(found: Challenged) -> Live:
    """A slider for each challenge, from the picture as it is to the strongest."""
    rows = [
        {
            "name": row.name, "says": SAYS.get(row.name, row.name), "means": row.means,
            "trials": [{**trial.to_json(), "picture": png(trial.picture)} for trial in row.trials],
        }
        for row in found.rows
    ]  # fmt: skip
    data = {"label": found.label, "confidence": found.confidence, "picture": png(found.picture), "rows": rows}
    return Live("challenges", "A picture in growing trouble", LEAD, data)
