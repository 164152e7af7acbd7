"""Every exercise of the table: the grader takes the answer, in other spellings too, and knows every named wrong answer."""

import pytest

from clearsight.base.errors import UsageError
from clearsight.exercises.answers import sizes
from clearsight.exercises.exercise import Part
from clearsight.exercises.grading import grade_part
from clearsight.exercises.table import GENERATORS, TOPICS, chosen, generate

CHEAP = ("cell", "wrong-cell", "alexnet", "softmax", "fgsm", "confusion", "mcnemar")  # a few milliseconds each
SEEDS = 200


def spellings(part: Part) -> list[str]:
    """The answer as other people write it."""
    if part.kind == "number":
        value = float(part.answer)
        with_commas = [f"{int(value):,}", f"{int(value):,}".replace(",", "'")] if value.is_integer() else [part.answer.replace(".", ",")]
        return [*with_commas, part.answer.replace("-", "−"), f"= {part.answer}", f"{100 * value:.6f} %"]
    if part.kind == "size":
        numbers = [f"{number:g}" for number in sizes(part.answer)]
        return [sign.join(numbers) for sign in ("x", " × ", ", ", "*")]
    if part.kind == "place":
        return [", ".join(f"{number:g}" for number in sizes(part.answer)), part.answer.upper()]
    if part.kind == "choice":
        return [chr(65 + part.options.index(part.answer)), part.answer.upper()]
    if part.kind in ("numbers", "rows"):
        return [part.answer.replace("; ", "\n"), part.answer.replace("; ", ";")]
    return [f" {part.answer} "]


def fair(name: str, seed: int) -> None:
    exercise = generate(name, seed)
    assert len(exercise.hints) == 2 and all(exercise.hints) and exercise.question and exercise.solution
    assert len({part.name for part in exercise.parts}) == len(exercise.parts)
    for part in exercise.parts:
        if part.kind == "run":
            continue
        for given in (part.answer, *spellings(part)):
            mark = grade_part(part, given)
            assert mark.right, (name, seed, part.name, part.answer, given, mark.comment)
        assert part.slips, (name, seed, part.name)
        for slip in part.slips:
            mark = grade_part(part, slip.answer)
            assert (mark.points, mark.slip, mark.comment) == (0, True, slip.comment), (name, seed, part.name, slip)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_grader_is_fair(name):
    for seed in range(SEEDS if name in CHEAP else 12):
        fair(name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in GENERATORS if name not in CHEAP])
def test_the_grader_is_fair_for_many_seeds(name):
    for seed in range(SEEDS):
        fair(name, seed)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_seed_is_one_exercise(name):
    first, again, other = (generate(name, seed) for seed in (7, 7, 8))
    assert first.to_json() == again.to_json()
    assert (first.name, first.topic, first.seed) == (name, GENERATORS[name].topic, 7)
    assert any(generate(name, seed).data != first.data for seed in range(8, 30)), other


def test_the_lecture_has_twenty_exercises():
    assert len(GENERATORS) == 20


def test_exercises_are_chosen_by_topic_name_and_number():
    assert chosen(0, topics=["pooling"]) == ("pooling", "relu-pooling")
    assert chosen(0, only=["fgsm", "cell"]) == ("cell", "fgsm")
    five = chosen(7, n=5)
    assert len(five) == 5 and five == chosen(7, n=5) and list(five) == [name for name in GENERATORS if name in five]
    assert chosen(8, n=5) != five
    assert {topic for row in GENERATORS.values() for topic in [row.topic]} == set(TOPICS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"topics": ["poling"]}, "pooling"), ({"only": ["sofmax"]}, "softmax"),
        ({"topics": ["pooling"], "only": ["cell"]}, "belong together"),
        ({"n": 21}, "at most 20"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_explained(words, says):
    with pytest.raises(UsageError, match=says):
        chosen(0, **words)
    with pytest.raises(UsageError, match="no exercise is called"):
        generate("nothing", 0)
