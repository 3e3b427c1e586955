"""Web-like text for a tiny base: some rows reason carefully, some guess, some ignore the form."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterator

from factory.models.chat import Message
from factory.prompts.collect import prompt_id
from factory.prompts.drafts import asked
from factory.recipe.models import Mix


def running_sum(question: str, rng: random.Random) -> tuple[str, int]:
    r"""The careful chain for reasoning-gym's `chain_sum`, a line a step, and its result.

    >>> running_sum("... problem: 4 - 1 - 7 =", random.Random(0))
    ('4-1=3\n3-7=-4', -4)
    """
    expression = question.rsplit(":", 1)[1]
    terms = re.findall(r"([+-]?)\s*(\d+)", expression)
    total, lines = int("".join(terms[0])), []
    for sign, digits in terms[1:]:
        before = total
        total += int(sign + digits)
        lines.append(f"{before}{sign}{digits}={total}")
    return "\n".join(lines), total


CHAINS: dict[str, Callable[[str, random.Random], tuple[str, int]]] = {"chain_sum": running_sum}
"""The tasks a tiny base can be raised on, each with the chain that solves it."""


def answer(task: str, question: str, mix: Mix, rng: random.Random) -> str:
    """One row's reply, of a kind drawn by the mix. A guess is off by a few, as guesses are."""
    chain, result = CHAINS[task](question, rng)
    guess = result + round(rng.gauss(0, 3))
    kind = rng.random()
    if kind < mix.careful:
        return f"<think>\n{chain}\n</think>\n\\boxed{{{result}}}"
    if kind < mix.careful + mix.guess:
        return f"<think>\n\n</think>\n\\boxed{{{guess}}}"
    return f"{guess}"


def conversations(
    task: str,
    options: dict[str, object],
    rows: int,
    mix: Mix,
    seed: int,
    held_out: Collection[str],
    instruction: str | None = None,
) -> Iterator[list[Message]]:
    """`rows` conversations on questions of the task, none with the id of a held-out prompt."""
    import reasoning_gym

    rng = random.Random(seed)
    # Twice the rows asked for: enough to skip held-out questions, never a second pass.
    source = reasoning_gym.create_dataset(task, seed=rng.getrandbits(31), size=2 * rows, **options)
    written = 0
    for row in source:
        question = str(row["question"])
        prompt = asked(question, instruction)
        if prompt_id([{"role": "user", "content": question}]) in held_out:
            continue
        yield [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": answer(task, question, mix, rng)},
        ]
        written += 1
        if written == rows:
            return
    raise ValueError(
        f"{task} with {options}: all but {written} questions are held out; {rows} wanted"
    )
