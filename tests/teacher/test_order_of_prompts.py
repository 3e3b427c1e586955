"""Which prompts a step of GRPO draws for."""

from collections import Counter
from collections.abc import Iterable, Mapping

import pytest

from teacher.order import Order

Batches = list[list[int]]


def order(prompts: int, at_once: int, generations: int, **settings: int) -> Order:
    told = {"draws": 2, "repeats": 1, "seed": 7} | settings
    ids = [f"p{n}" for n in range(prompts)]
    return Order(ids, at_once=at_once, generations=generations, **told)


def practised(
    wanted: Order, solved: Mapping[int, float], known: Iterable[Mapping[str, float]] = ()
) -> tuple[Batches, list[Mapping[str, float]]]:
    """What is chosen for each generation, where prompts are always right so often as `solved` says,
    half the time else; and the shares that were noted.

    As TRL's loader does, a generation is chosen before the one before it is drawn.

    Args:
        known: shares of a run that was cut off, whose generations are not drawn again.
    """
    noted = list(known)
    for number, shares in enumerate(noted, 1):
        wanted.note(number, shares)
    batches: Batches = []
    for batch in wanted.chosen():
        batches.append(batch)
        drawn = len(batches) - 1  # the one before is drawn now
        if drawn > len(noted):
            noted.append({f"p{row}": solved.get(row, 0.5) for row in batches[drawn - 1]})
            wanted.note(drawn, noted[-1])
    return batches, noted


@pytest.mark.parametrize(("prompts", "at_once"), [(12, 4), (10, 4), (7, 3), (5, 5)])
def test_each_pass_has_every_prompt_once(prompts: int, at_once: int):
    """Also where a step's prompts do not divide a pass: TRL's own sampler leaves the rest out."""
    told = [row for batch in order(prompts, at_once, 3 * prompts).chosen() for row in batch]
    passes = [told[n : n + prompts] for n in range(0, len(told), prompts)]
    assert all(sorted(each) == list(range(prompts)) for each in passes[: 3 * at_once])
    assert passes[0] != passes[1]


def test_no_step_has_a_prompt_twice():
    """Where a pass ends amid a step, the next one's prompts that are in it already wait."""
    for batch in order(5, 4, 100).chosen():
        assert len(set(batch)) == 4


def test_fewer_prompts_than_a_step_has_are_asked_more_often():
    assert Counter(next(order(2, 6, 1).chosen())) == {0: 3, 1: 3}


def test_the_seed_decides_and_nothing_else():
    same = [list(order(9, 3, 9, seed=seed).chosen()) for seed in (1, 1, 2)]
    assert same[0] == same[1] != same[2]


def test_the_loader_is_asked_for_each_generation_as_often_as_it_is_learned_from():
    """Two prompts a step, two draws of each; held in two parts, so each step asks twice."""
    asked = list(order(4, 2, 2, repeats=2))
    first = next(order(4, 2, 2).chosen())
    assert asked[:4] == asked[4:8] == [first[0], first[0], first[1], first[1]]
    assert len(asked) == len(order(4, 2, 2, repeats=2)) == 2 * 2 * 4


SOLVED = {0: 1.0, 1: 0.0}


class TestRest:
    """A prompt whose draws were all right or all wrong teaches nothing, and sits out."""

    def test_it_sits_out_so_many_passes_and_comes_back(self):
        batches, _ = practised(order(8, 2, 24, rest=2), SOLVED)
        met = Counter(row for batch in batches for row in batch)
        assert met[0] == met[1] < min(met[row] for row in range(2, 8))
        assert met[0] >= 2  # it is asked again: the model may have changed

    def test_another_prompt_takes_its_place(self):
        """One by one: no step is smaller for it."""
        batches, _ = practised(order(8, 2, 24, rest=2), SOLVED)
        assert all(len(set(batch)) == 2 for batch in batches)

    def test_it_says_how_many_were_passed_over(self):
        wanted = order(8, 4, 12, rest=1)
        practised(wanted, dict.fromkeys(range(8), 1.0))
        assert wanted.resting > 0

    def test_where_all_rest_the_training_goes_on(self):
        batches, _ = practised(order(6, 2, 30, rest=5), dict.fromkeys(range(6), 0.0))
        assert {row for batch in batches for row in batch} == set(range(6))

    def test_without_it_nobody_rests(self):
        batches, _ = practised(order(8, 2, 24), SOLVED)
        assert batches == list(order(8, 2, 24).chosen())

    @pytest.mark.parametrize("cut_off", range(24))
    def test_a_training_that_goes_on_chooses_as_if_it_had_never_stopped(self, cut_off: int):
        """From the shares of the generations before the cut, whichever it was."""
        whole, noted = practised(order(8, 2, 24, rest=2), SOLVED)
        again, _ = practised(order(8, 2, 24, rest=2), SOLVED, noted[:cut_off])
        assert again == whole
