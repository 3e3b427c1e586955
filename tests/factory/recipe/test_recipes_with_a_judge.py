"""The `judge` part of a recipe: what goes together with it, and what is refused in words."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from factory.errors import RecipeError
from factory.recipe import Recipe, load

SERVED = {"endpoint": "http://localhost:8000/v1", "model": "judge"}
HERE = {"path": "some/judge"}
OPEN, RULES = {"verifier": "judge"}, {"verifier": "math"}
HELPFUL = {"base": HERE, "grpo": {"rewards": {"helpfulness": {"weight": 0.5}}}}
FIXED = {"policy": {"fixed": {"draws": 2}}}


def loaded(folder: Path, judge: Any = None, source: Any = None, **changes: Any) -> Recipe:
    """A recipe whose one source is rescued, with these changes."""
    plan = {
        "name": "judged",
        "prompts": [{"source": "hub", "dataset": "openai/gsm8k"} | (source or {"rescue": "judge"})],
        "teacher": {"base": {"path": "some/model"}},
        **({"judge": judge} if judge else {}),
    }
    file = folder / "recipe.yaml"
    YAML().dump(plan | changes, file)
    return load(file)


@pytest.mark.parametrize(
    ("judge", "changes"),
    [
        ({"model": SERVED}, {}),  # the policy until sees its verdicts
        ({"model": SERVED, "votes": 3}, {"sampling": {"target": {"accepted": 9}}}),
        ({"model": HERE}, {"sampling": FIXED}),
        ({"model": SERVED}, {"source": {"verifier": "judge"}}),
        ({"model": SERVED}, {"teacher": {"base": HERE, "grpo": {}}}),  # rewarded by rules
        ({"model": SERVED}, {"source": OPEN, "teacher": {"base": HERE, "grpo": {}}}),
        ({"model": SERVED}, {"source": RULES, "teacher": HELPFUL}),  # for nothing but a reward
        # Asked after the draws, as it is a path, and not by a reward, as that is for others.
        (
            {"model": HERE},
            {
                "sampling": FIXED,
                "source": OPEN | {"domain": "general"},
                "teacher": {"base": HERE, "grpo": {"rewards": {"accuracy": 0}}},
            },
        ),
    ],
)
def test_what_can_be_judged(tmp_path: Path, judge: dict[str, Any], changes: dict[str, Any]):
    found = loaded(tmp_path, judge, **changes).judge
    assert found
    assert (found.asked().max_tokens, found.asked().concurrency) == (4096, 64)


@pytest.mark.parametrize(
    ("judge", "changes", "words"),
    [
        (None, {}, "openai/gsm8k: these prompts are for a judge, and the recipe has none"),
        ({"model": SERVED}, {"source": {"verifier": "math"}}, "judge: no prompts are for it"),
        ({"model": HERE}, {}, "sampling.policy is until, which goes by verdicts, and a judge by"),
        (
            {"model": HERE},
            {"sampling": FIXED | {"target": {"accepted": 9}}},
            "sampling.target counts accepted rows, and a judge by its path is asked after the",
        ),
        (
            {"model": SERVED},
            {"sampling": {"cluster": "ray"}},
            "sampling.cluster: the engines of a cluster ask no judge",
        ),
        (
            {"model": HERE},
            {"sampling": FIXED, "source": OPEN, "teacher": {"base": HERE, "grpo": {}}},
            "teacher.grpo: rewards.accuracy of openai/gsm8k (verifier: judge) asks a judge while "
            "it trains, and one by its path is not there then",
        ),
        (
            None,
            {"source": RULES, "teacher": HELPFUL},
            "teacher.grpo: rewards.helpfulness without a model asks a judge while it trains, and "
            "the recipe has none",
        ),
        (
            {"model": SERVED},
            {"source": {"verifier": "code", "rescue": "judge"}},
            "rescue: a judge compares an answer with the key, and code has no rules for that",
        ),
        (
            {"model": SERVED | {"sampling": {"temperature": 1}}},
            {},
            "judge.model.sampling says how a teacher is asked; write these keys beside `model`",
        ),
        ({"model": SERVED, "votes": 0}, {}, "judge.votes: found 0, expected at least 1"),
    ],
)
def test_what_cannot_is_refused_in_words(
    tmp_path: Path, judge: Any, changes: dict[str, Any], words: str
):
    with pytest.raises(RecipeError) as caught:
        loaded(tmp_path, judge, **changes)
    assert words in str(caught.value)
