"""The verdict of a draw is what the reward for accuracy found, asked once."""

import json

from factory.recipe.rewards import Weighed
from teacher.remembered import Remembered, remembering
from teacher.watched import Watched


def found(completions: list[str], **_: object) -> list[float | None]:
    return [{"right": 1.0, "wrong": 0.0}.get(text) for text in completions]


def test_a_draw_that_gets_the_mean_of_others_is_still_unverifiable():
    """The mean of right ones is 1: read from the reward it would be right."""
    found.__name__ = "accuracy"
    (watched,), memory = remembering([Watched("accuracy", found, Weighed(weight=1))])
    assert watched(["right", "?"], prompt_id=["a", "a"]) == [1.0, 1.0]
    assert memory
    assert memory.verdicts(["a", "a"], ["right", "?"]) == ["correct", "unverifiable"]


def test_a_rubric_met_in_part_is_right_where_that_is_enough():
    def share(completions: list[str], **_: object) -> list[float | None]:
        return [0.5 for _ in completions]

    memory, half = Remembered(share), {"criteria": ["Short.", "Polite."]}
    rubrics = [json.dumps(half | {"least": 0.5}), json.dumps(half), '"42"']
    columns = {"reference": rubrics, "verifier": ["rubric", "rubric", "math"]}
    assert memory(["so", "so", "so"], prompt_id=["a", "b", "c"], **columns) == [0.5] * 3
    said = memory.verdicts(["a", "b", "c"], ["so"] * 3)
    assert said == ["correct", "incorrect", "incorrect"]


def test_a_share_told_in_six_digits_is_enough_of_a_third():
    def share(completions: list[str], **_: object) -> list[float | None]:
        return [0.333333]

    memory, third = Remembered(share), {"criteria": ["A.", "B.", "C."], "least": 1 / 3}
    memory(["so"], prompt_id=["a"], reference=[json.dumps(third)], verifier=["rubric"])
    assert memory.verdicts(["a"], ["so"]) == ["correct"]


def test_what_the_reward_never_answered_is_unverifiable():
    assert Remembered(found).verdicts(["a"], ["right"]) == ["unverifiable"]


def test_without_a_reward_for_accuracy_there_is_no_memory():
    given = [Watched("format", found, Weighed(weight=1))]
    assert remembering(given) == (given, None)
