"""Model soup: the mean of the last epochs' weights, kept if validation finds it no worse than the best epoch."""

from ...metrics.accuracy import topk
from ..context import TrainingContext
from ..interrupt import Stop
from ..optim.averaging import blend
from . import selection
from .validate import validate


def add_to_soup(context: TrainingContext) -> None:
    """Add this epoch's weights to the mean, if it is one of the last `soup` epochs of the recipe."""
    state, soup = context.state, context.recipe.soup
    place = state.counters.epoch - max(0, context.recipe.epochs - soup)
    if soup and place >= 0:
        blend(state.soup, state.averaged or state.model.state_dict(), 1 / (1 + place))


def select_soup(context: TrainingContext, stop: Stop) -> None:
    """Validate the average of the last epochs' weights; keep it if it is no worse than the best epoch, or validation decides nothing."""
    counters, state = context.state.counters, context.state
    accuracy, epochs = topk(validate(context, state.soup, stop), context.val.labels, 1), min(context.recipe.soup, context.recipe.epochs)
    tied = selection.tied(accuracy, counters.best, len(context.val.labels))
    keep = accuracy >= counters.best or tied or context.recipe.keep == "last"
    context.log(
        f"soup of the last {epochs} epochs: validation accuracy {accuracy:.2%}, the best epoch {counters.best:.2%}: "
        f"{'the soup' if keep else 'that epoch'} is kept"
    )
    if keep:
        counters.best, counters.souped, state.kept = accuracy, epochs, state.soup
