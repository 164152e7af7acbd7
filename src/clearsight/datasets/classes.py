"""Map class indices between class tables, by name."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError, listed
from .dataset import clean_label


def places(names: Sequence[str], table: Sequence[str]) -> NDArray[np.int64]:
    """The index of each of `names` in the class table `table`, int64 `(len(names),)`; -1 for a name that is not in it.

    Names are compared after `clean_label`. Raises UsageError for a name that matches two classes of a table.
    """
    cleaned, wanted = ([clean_label(name) for name in of] for of in (table, names))
    for of in (cleaned, wanted):
        if twins := [name for name, n in Counter(of).items() if n > 1 and name in cleaned and name in wanted]:
            raise UsageError(f"classes cannot be joined by name: {listed(map(repr, twins))} is there twice. Rename one of them.")
    index = {name: i for i, name in enumerate(cleaned)}
    return np.array([index.get(name, -1) for name in wanted], dtype=np.int64)


def order(wanted: Sequence[str], table: Sequence[str], *, of: str) -> NDArray[np.int64]:
    """The index of each of the classes `wanted` in the class table `table`, int64 `(len(wanted),)`; `of` names its owner in errors.

    Raises UsageError for a class that is not in the table.
    """
    found = places(wanted, table)
    if (found < 0).any():
        extra = [label for label, place in zip(wanted, found, strict=True) if place < 0]
        raise UsageError(
            f"{of} does not know {'the class' if len(extra) == 1 else 'the classes'} {listed(map(repr, extra))}. "
            f"Its classes: {listed(map(repr, table))}. Those that it should know: {listed(map(repr, wanted))}."
        )
    return found
