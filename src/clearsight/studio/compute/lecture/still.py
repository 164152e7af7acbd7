"""Figures of the lecture without an interaction: those of the commands, as pictures."""

from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Still:
    """A drawn figure, with its title, which says what is seen, and one sentence of what to look for."""

    title: str
    lead: str
    figure: Figure
