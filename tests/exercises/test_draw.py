"""The draws of an exercise depend on seed, name and attempt, and on nothing else."""

from clearsight.exercises.draw import Draw


def test_the_same_seed_gives_the_same_numbers_and_another_others():
    def numbers(*key):
        return Draw(*key).matrix(10, 10, 0, 99)

    assert numbers(7, "a") == numbers(7, "a")
    assert len({numbers(7, "a"), numbers(8, "a"), numbers(7, "b"), numbers(7, "a", 1)}) == 4


def test_every_number_of_a_range_is_drawn_and_no_other():
    draw = Draw(0, "range")
    assert {draw.number(-2, 3) for _ in range(500)} == set(range(-2, 4))


def test_a_sample_has_no_value_twice():
    assert sorted(Draw(1, "sample").sample("abcdef", 6)) == list("abcdef")
