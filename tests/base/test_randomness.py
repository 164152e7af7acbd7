"""Counter-based draws: known answers, uniform, independent, and the same in whatever batch they are asked for."""

import numpy as np
import pytest
import scipy.stats
import torch

from clearsight.base import randomness
from clearsight.base.randomness import _points, key, normal, permutation, uniform

N = 100_000
KEYS = [724655455495936113, 2033344993903900207, 572606357572646303, 7434089906508193045]
ORDER = [7, 1, 6, 4, 3, 5, 2, 0]


def splitmix64(x: int) -> int:
    """The mixer in Python's whole numbers."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) % 2**64
    return x ^ (x >> 31)


def test_the_mixer_is_splitmix64():
    # the first outputs of splitmix64 seeded with 1234567, as Vigna's splitmix64.c prints them
    states = [(1234567 + n * 0x9E3779B97F4A7C15) % 2**64 for n in range(1, 6)]
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    words = np.array(states, dtype=np.uint64)
    mixed = randomness._mix(torch.from_numpy(words.view(np.int64).copy()))  # what other processors compute
    assert [value % 2**64 for value in mixed.tolist()] == known == [splitmix64(state) for state in states]
    assert randomness._mixed(words).tolist() == known


@pytest.mark.parametrize("index", [0, 1, 59_999, 2**40])
def test_a_draw_is_its_formula(index):
    golden = 0x9E3779B97F4A7C15
    counter = splitmix64((index * golden + key(3, 5, "shift")) % 2**64)
    expected = [(splitmix64((counter + lane * golden) % 2**64) >> 40) / 2**24 for lane in (1, 2, 3)]
    assert uniform(3, 5, torch.tensor([index]), "shift", 3).tolist() == [expected]


def test_the_goldens_of_today_are_those_of_tomorrow():
    # recorded 2026-11: other values would change every run there ever was
    assert [key(), key(0), key("order"), key(-1, "a", 2**70)] == KEYS
    assert permutation(0, 0, 8).tolist() == ORDER


def test_keys_fit_and_differ():
    keys = {key(seed, epoch, name) for seed in range(20) for epoch in range(20) for name in ("flip", "crop", "order")}
    assert len(keys) == 1200 and all(0 <= value < 2**63 for value in keys)


def test_draws_do_not_depend_on_the_batch_they_are_in():
    indices = torch.tensor([5, 900_000, 0, 17, 5])
    whole = uniform(1, 2, indices, "flip", 3)
    assert torch.equal(whole[0], whole[4])
    for size in (1, 2, 3):
        assert torch.equal(torch.cat([uniform(1, 2, part, "flip", 3) for part in indices.split(size)]), whole)
    assert torch.equal(uniform(1, 2, indices, "flip", 1), whole[:, :1])  # nor on how many are asked for
    assert torch.equal(uniform(1, 2, indices.int(), "flip", 3), whole)
    assert uniform(1, 2, indices[:0], "flip", 3).shape == (0, 3)


def test_the_global_generator_is_neither_read_nor_moved():
    state = torch.get_rng_state()
    first = uniform(0, 0, torch.arange(4), "x"), permutation(0, 0, 9)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(77)
    assert torch.equal(first[0], uniform(0, 0, torch.arange(4), "x")) and torch.equal(first[1], permutation(0, 0, 9))
    torch.set_rng_state(state)


def test_every_pair_of_streams_is_uniform_and_uncorrelated():
    indices = torch.arange(N)
    streams = [uniform(0, 0, indices, "flip", 2).T, uniform(1, 0, indices, "flip").T, uniform(0, 1, indices, "flip").T]
    draws = torch.cat([*streams, uniform(0, 0, indices, "crop").T, uniform(0, 0, indices + 1, "flip").T]).double()
    assert draws.dtype == torch.float64 and draws.min() >= 0 and draws.max() < 1
    bound = 5 / N**0.5  # five standard errors
    assert (draws.mean(1) - 0.5).abs().max() < bound * 12**-0.5
    assert (draws.var(1) - 1 / 12).abs().max() < bound * 180**-0.5
    assert (torch.corrcoef(draws) - torch.eye(len(draws), dtype=torch.float64)).abs().max() < bound
    for other in draws[1:]:
        joint = torch.histogramdd(torch.stack([draws[0], other], 1), [8, 8], [0.0, 1.0, 0.0, 1.0]).hist
        chi2 = ((joint - N / 64) ** 2 / (N / 64)).sum()
        assert 23 < chi2 < 124  # 63 degrees of freedom, 1e-6 at either end


def test_the_lowest_bit_is_as_good_as_the_highest():
    bits = (uniform(0, 0, torch.arange(N), "x").flatten().double() * 2**24).long()
    for bit in range(24):
        assert abs(((bits >> bit) & 1).double().mean() - 0.5) < 2.5 / N**0.5


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_a_permutation_is_whole(n):
    assert torch.equal(permutation(4, 2, n).sort().values, torch.arange(n))


def test_first_places_are_shared_out_evenly():
    first = torch.stack([permutation(seed, 0, 4) for seed in range(2000)])[:, 0].bincount(minlength=4)
    assert ((first - 500).double() ** 2 / 500).sum() < 31  # 3 degrees of freedom, 1e-6


def test_normal_draws_are_normal_and_their_pictures_own():
    indices = torch.tensor([5, 900_000, 0, 17, 5])
    whole = normal(1, 2, indices, "noise", N)
    assert whole.dtype == torch.float32 and torch.equal(whole[0], whole[4])
    assert torch.equal(normal(1, 2, indices[1:2], "noise", N), whole[1:2])
    assert torch.equal(normal(1, 2, indices, "noise", 7), whole[:, :7])  # not a multiple of the lanes
    for values in whole[:4].double():
        assert abs(float(values.mean())) < 4 / N**0.5 and abs(float(values.var()) - 1) < 4 * (2 / N) ** 0.5
        found = (values[:, None] < torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])).double().mean(0)
        assert (found - torch.tensor([0.02275, 0.15866, 0.5, 0.84134, 0.97725])).abs().max() < 4 * 0.5 / N**0.5
    together = torch.corrcoef(torch.cat([whole[:4], whole[:1].roll(1, 1), whole[:1].roll(4, 1)]))
    assert (together - torch.eye(6)).abs().max() < 5 / N**0.5


def test_the_points_of_the_plane_are_normal_in_both_numbers_together():
    """Moments, tails and the whole distribution function of the 2¹⁶ points; the numbers are independent: so are their squares and signs."""
    both = torch.view_as_real(_points(torch.device("cpu"))).double()
    assert both.shape == (2**16, 2)
    for values in both.unbind(1):
        assert abs(float(values.mean())) < 1e-4 and abs(float(values.var()) - 1) < 2e-4
        assert abs(float((values**3).mean())) < 2e-3 and abs(float((values**4).mean()) - 3) < 4e-3
        assert scipy.stats.kstest(values.numpy(), "norm").statistic < 4e-4
        for limit, share in ((2, 0.0455003), (3, 0.0026998), (4, 6.334e-5)):
            assert float((values.abs() > limit).double().mean()) == pytest.approx(share, rel=0.05)
        assert values.abs().max() > 4.4
    one, other = both.unbind(1)
    for change in (torch.Tensor.clone, torch.square, torch.abs, torch.sign):
        assert abs(float(torch.corrcoef(torch.stack((change(one), change(other))))[0, 1])) < 1e-3
