"""Rewards: any verifier or measure as a reward function of TRL.

A reward function takes completions and the dataset's columns by name and returns a number for each
or None, "not judged", which leaves a group's baseline alone (TRL's GRPOTrainer, 1.16). So what is
unverifiable is None and never 0. All rewards here have a `__name__`, under which TRL logs them, and
can be pickled, as asynchronous rollouts need. `opened` says that the chat template wrote `<think>`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from filters.format import well_formed
from filters.language import Language
from filters.lenient import both, of_verdict
from filters.own import as_number, as_verdict
from filters.repetition import Repetition
from filters.text.thinking import OPEN, split
from filters.verdict import unverifiable
from filters.verifiers import Verdict, verify

Reward = Callable[..., list[float | None]]
Completions = Sequence[Any]
"""Texts, or conversations whose last message is the completion."""

Job = tuple[str | None, object, str | Callable[[str | None, object], object]]
"""(response, reference, verifier)."""

WORKERS = max(1, min(16, os.cpu_count() or 2))
"""Verdicts at once: programs run in sandboxes of their own, hard mathematics in the pool."""


@dataclass(frozen=True)
class Accuracy:
    r"""1 for a correct final answer, 0 for a wrong one, None where it is unverifiable.

    >>> Accuracy(by="math")([r"\boxed{0.5}", r"\boxed{2}"], reference=["1/2", "1/2"])
    [1.0, 0.0]
    """

    by: str | Callable[[str | None, object], object] | None = None
    """A verifier for all prompts, by name or as a function, which may return what `own.as_verdict`
    reads; None reads the column `verifier`."""
    column: str = "reference"
    """The column that holds the references."""
    as_json: bool = False
    """The references are JSON, as in the factory's table of prompts; null is None."""
    opened: bool = False
    workers: int = WORKERS
    """How many answers are judged at once."""
    watch: bool = False
    """Log `accuracy/strict` and `accuracy/lenient` side by side (`filters.lenient`)."""

    __name__ = "accuracy"

    def __call__(self, completions: Completions, **columns: Any) -> list[float | None]:
        """Reward of each completion; TRL's log gets the share of unverifiable ones, too."""
        responses = [split(text(completion), self.opened).response for completion in completions]
        references = _column(columns, self.column, self.as_json)
        by = [self.by] * len(responses) if self.by else _column(columns, "verifier")
        jobs = list(zip(responses, references, by, strict=True))
        verdicts = _verdicts(jobs, self.workers)
        if self.watch and (log := columns.get("log_metric")):
            told = zip(completions, jobs, verdicts, strict=True)
            drawn = [of_verdict(text(said), *job, verdict) for said, job, verdict in told]
            if shares := both(drawn, self.workers):
                for name, share in zip(("strict", "lenient"), shares, strict=True):
                    log(f"accuracy/{name}", share)
        return _rewarded(self.__name__, verdicts, columns)


@dataclass(frozen=True)
class Judged:
    """As `Accuracy`, by a judge that needs the question too: `filters.verifiers.judge.Judge`.

    The question is the last message of the prompt; the judge's rules go first, those of the column
    `verifier` where there is one.
    """

    judge: Callable[[str | None, object], Verdict]
    column: str = "reference"
    as_json: bool = False
    opened: bool = False
    workers: int = WORKERS
    """How many answers are judged at once; the model is asked by so many threads."""

    __name__ = "judged"

    def __call__(
        self, prompts: Completions, completions: Completions, **columns: Any
    ) -> list[float | None]:
        references = _column(columns, self.column, self.as_json)
        cases = [
            {"question": text(prompt), "answer": reference}
            for prompt, reference in zip(prompts, references, strict=True)
        ]
        for case, rules in zip(cases, columns.get("verifier", ()), strict=False):
            case["rules"] = rules
        responses = [split(text(completion), self.opened).response for completion in completions]
        judges = [self.judge] * len(cases)
        jobs = list(zip(responses, cases, judges, strict=True))
        return _rewarded(self.__name__, _verdicts(jobs, self.workers), columns)


@dataclass(frozen=True)
class Format:
    r"""1 when thinking stands inside its tags and one final answer after them, else 0.

    >>> Format()([r"<think>6*7</think>\boxed{42}", "42"])
    [1.0, 0.0]
    """

    opened: bool = False

    __name__ = "format"

    def __call__(self, completions: Completions, **_: Any) -> list[float | None]:
        return [float(well_formed(text(completion), self.opened)) for completion in completions]


@dataclass(frozen=True)
class LanguageConsistency:
    """The share of words of the thinking that are in the question's language, 0 to 1.

    As DeepSeek-R1 has it (arXiv 2501.12948, 2.3.2). Which stretches are in which language, the
    `language` filter says; a letter of a script without spaces is a word. None where nothing could
    be judged: no thinking, no letters, a language that nobody knows.

    >>> LanguageConsistency("en")(["<think>First, we add the numbers. 然后除以二</think>然后"])
    [0.5]
    """

    language: str | None = None
    """ISO 639-1 code for all prompts; None reads the column `language`."""
    opened: bool = False

    __name__ = "language"

    def __call__(self, completions: Completions, **columns: Any) -> list[float | None]:
        one = self.language
        languages = [one] * len(completions) if one else _column(columns, "language")
        named = pl.Series("language", languages, dtype=pl.String)
        rows = _rows(completions, self.opened).with_columns(named, response=pl.lit(None, pl.String))
        shares = Language.measured(rows)["language_share"]
        told = zip(rows["reasoning"], languages, shares, strict=True)
        # The compiled measure is quick, and most draws stay in their language.
        return [_of_words(*each) for each in told]


@dataclass(frozen=True)
class SoftLength:
    """0 up to a length, from there down to -1 at the longest completion that is possible.

    DAPO's soft overlong punishment (arXiv 2503.14476, equation 13): a draw that was cut is wrong
    for its length alone, and a slope tells the policy before it gets there.

    >>> SoftLength(longest=100, slope=20)(["", "", ""], completion_ids=[[1] * 80, [1] * 90, [1] * 100])
    [0.0, -0.5, -1.0]
    """  # noqa: E501

    longest: int
    """Tokens of the longest completion, `max_completion_length`."""
    slope: int
    """Tokens before that in which the reward falls from 0 to -1."""

    __name__ = "length"

    def __post_init__(self) -> None:
        if not 0 < self.slope <= self.longest:
            raise ValueError(f"slope is {self.slope}, and must be 1 to longest, {self.longest}")

    def __call__(
        self, completions: Completions, completion_ids: Sequence[Sequence[int]], **_: Any
    ) -> list[float | None]:
        start = self.longest - self.slope
        return [max(-1.0, min(0.0, (start - len(ids)) / self.slope)) for ids in completion_ids]


@dataclass(frozen=True)
class Unrepetitive:
    """Minus the share of words that stand in a run of 20 words said before, 0 to -1.

    The measure of the `repetition` filter, which says why runs are that long.

    >>> Unrepetitive()(["<think>" + "Wait, let me check that again. " * 10 + "</think>12"])
    [-0.8852459016393442]
    """

    opened: bool = False

    __name__ = "repetition"

    def __call__(self, completions: Completions, **_: Any) -> list[float | None]:
        measured = Repetition.measured(_rows(completions, self.opened))
        return [None if share is None else -share for share in measured["repeated_share"]]


def text(completion: Any) -> str:
    """A completion's or prompt's text: TRL hands over a list of messages, or plain text.

    >>> text([{"role": "user", "content": "1 + 1?"}]), text("2")
    ('1 + 1?', '2')
    """
    return completion if isinstance(completion, str) else completion[-1]["content"] or ""


def whole(completion: Any, opened: bool) -> str:
    """All of a completion, with the tag that the chat template wrote before it.

    >>> whole("6*7</think>42", opened=True)
    '<think>\\n6*7</think>42'
    """
    return f"{OPEN}\n" * opened + text(completion)


def shown(completion: Any, part: Literal["response", "text"], opened: bool) -> str | None:
    """What a model is shown of a completion: the response, or all of it; None where it is blank.

    >>> shown("6*7</think>42", "response", opened=True), shown("6*7", "response", opened=True)
    ('42', None)
    """
    told = whole(completion, opened) if part == "text" else split(text(completion), opened).response
    return told if told and told.strip() else None


def _column(columns: Mapping[str, Any], name: str, as_json: bool = False) -> Sequence[Any]:
    """A column of the dataset.

    Raises:
        KeyError: the dataset has none of this name.
    """
    if name not in columns:
        raise KeyError(f"the dataset has no column {name!r}; it has {', '.join(columns) or 'none'}")
    if as_json:
        return [json.loads(value or "null") for value in columns[name]]
    return columns[name]


def _rows(completions: Completions, opened: bool) -> pl.DataFrame:
    thoughts = [split(text(completion), opened) for completion in completions]
    parts = {
        "reasoning": [thought.reasoning for thought in thoughts],
        "response": [thought.response for thought in thoughts],
    }
    return pl.DataFrame(parts, schema=dict.fromkeys(parts, pl.String))


def _of_words(thinking: str, language: str, share: float | None) -> float | None:
    if share is None or share >= 1:
        return share
    from filters.text.foreign import share_of_words  # it loads numpy
    from filters.text.languages import code_of

    return share_of_words(thinking, code_of(language))


def _verdicts(jobs: Sequence[Job], workers: int) -> list[Verdict]:
    if workers < 2 or len(jobs) < 2:
        return [_judged(job) for job in jobs]
    with ThreadPoolExecutor(min(workers, len(jobs))) as threads:
        return list(threads.map(_judged, jobs))


def _rewarded(
    name: str, verdicts: Sequence[Verdict], columns: Mapping[str, Any]
) -> list[float | None]:
    """The rewards of verdicts; the share of unverifiable ones goes into TRL's log."""
    rewards = [as_number(verdict) for verdict in verdicts]
    log_unjudged(name, rewards, columns)
    return rewards


def log_unjudged(name: str, rewards: Sequence[float | None], columns: Mapping[str, Any]) -> None:
    """Put the share of completions that nobody could judge into TRL's log."""
    if log := columns.get("log_metric"):
        log(f"rewards/{name}/unverifiable", rewards.count(None) / max(1, len(rewards)))


def _judged(job: Job) -> Verdict:
    response, reference, by = job
    if isinstance(by, str):
        return verify(response, reference, by)
    try:
        return as_verdict(by(response, reference))
    except Exception as failure:  # a person's own verifier must not end the training
        return unverifiable(f"crash: {type(failure).__name__}")
