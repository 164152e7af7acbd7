"""The base of what watches every operation of torch."""

from torch.utils._python_dispatch import TorchDispatchMode


class DispatchMode(TorchDispatchMode):
    """A dispatch mode of plain Python: no network is compiled inside of it.

    torch wraps other modes so that its compiler leaves them alone, and imports the compiler for that, which takes as long as torch itself.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False
