import torch

from clearsight.base.compute.dispatch import DispatchMode


class Names(DispatchMode):
    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.seen.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def test_a_mode_sees_every_operation_and_is_not_wrapped_for_the_compiler():
    with Names() as names:
        out = torch.ones(2, 3).flatten().mul(2)
    assert names.seen == ["ones", "view", "mul"] and out.tolist() == [2.0] * 6
    assert Names.__torch_dispatch__ is Names.__dict__["__torch_dispatch__"] and not hasattr(Names.__torch_dispatch__, "__wrapped__")
