"""What a process keeps of its answers between questions."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any


class Kept(OrderedDict[Any, Any]):
    """The newest `most` values, each made once."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def of(self, key: Any, make: Callable[[], Any]) -> Any:
        """The value of a key, made if it is not there."""
        if key not in self:
            self[key] = make()
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)
        return self[key]
