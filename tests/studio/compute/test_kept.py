"""A value is made once, and the oldest are forgotten."""

from clearsight.studio.compute.kept import Kept


def test_the_oldest_are_forgotten():
    kept, made = Kept(2), []
    for key in (1, 2, 1, 3):
        assert kept.of(key, lambda key=key: made.append(key) or str(key)) == str(key)
    assert dict(kept) == {1: "1", 3: "3"} and made == [1, 2, 3]
