"""Small worlds that versions are made of: questions with their draws, through the real stages."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from factory.line import dataset_stages
from factory.line.context import Context
from factory.models import Located
from factory.prompts.collect import PROMPT
from factory.recipe import Recipe
from factory.records import SAMPLE, key_digest
from factory.run_folder import RunFolder
from factory.store import write_table
from factory.store.shards import Shards
from filters.text.thinking import split

RECIPE: dict[str, Any] = {
    "name": "trial",
    "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 9}],
    "teacher": {"base": {"tiny": "qwen2", "rows": 100}},
    "filters": {"correctness": {}, "length": {"max_tokens": 100}},
}


@dataclass(frozen=True)
class Draw:
    """A draw of a question, as the store has it."""

    tokens: int = 10
    verdict: str = "correct"
    reason: str | None = None
    text: str = r"<think>Add what is there, one after the other.</think> It is \boxed{5}."
    answer: str = "5"
    teacher: str = "t"
    settings: str = "s"

    def id(self, prompt: str, number: int) -> str:
        """Its id: another teacher or other settings make another draw."""
        return f"{prompt}{number}{self.teacher}{self.settings}".removesuffix("ts")


@dataclass(frozen=True)
class Question:
    """A question with its key and its draws."""

    id: str
    draws: Sequence[Draw] = (Draw(),)
    text: str = ""
    source: str = "sums"
    domain: str = "math"
    language: str = "en"
    license: str | None = "mit"
    reference: str = '"5"'
    meta: str | None = None

    def drawn(self, *draws: Draw) -> "Question":
        """The same with other draws."""
        return replace(self, draws=draws)


@dataclass(frozen=True)
class World:
    """All that a version is made of."""

    questions: Sequence[Question]
    recipe: dict[str, Any] = field(default_factory=dict)
    teacher: Located = Located(path="", name="A teacher", digest="t")  # noqa: RUF009
    benchmark: Sequence[str] = ()
    """Questions of a benchmark."""

    def by(self, **recipe: Any) -> "World":
        """The same by another recipe."""
        return replace(self, recipe=self.recipe | recipe)

    def of(self, *questions: Question) -> "World":
        """The same with other questions."""
        return replace(self, questions=questions)

    def made(self, folder: Path) -> Path:
        """Its version, made by the stages `benchmarks`, `measures` and `dataset` of a run."""
        run = RunFolder(folder)
        for stage in ("prompts", "samples", "teacher", "measures", "dataset", "benchmarks"):
            run.stage(stage).mkdir(parents=True)
        self._teacher(run)
        self._prompts(run)
        self._draws(run)
        told = RECIPE | self.recipe
        if self.benchmark:
            lines = (f'{{"q": "{text}", "a": "5"}}\n' for text in self.benchmark)
            (folder / "exam.jsonl").write_text("".join(lines))
            columns = {"question": "q", "reference": "a"}
            told["benchmarks"] = [{"source": "files", "path": "exam.jsonl", "columns": columns}]
        recipe = Recipe.model_validate(told)
        stages = ["benchmarks"] if self.benchmark else []
        for name in (*stages, "measures", "dataset"):
            context = Context(recipe, folder, run, name, lambda *_, **__: None)
            getattr(dataset_stages, name)(context)
        version = run.current_version()
        assert version
        return version

    def _teacher(self, run: RunFolder) -> None:
        """Note the teacher; of one with a template a folder is there that its text is read from."""
        model = self.teacher
        if model.template:
            weights = run.weights("teacher")
            weights.mkdir()
            (weights / "tokenizer_config.json").write_text("{}")
            model = model.model_copy(update={"path": str(weights)})
        model.note(run.stage("teacher"))

    def _prompts(self, run: RunFolder) -> None:
        told = ("source", "domain", "language", "license", "reference", "meta")
        rows = [
            {"prompt_id": one.id, "split": "train", "verifier": "math"}
            | {"messages": [{"role": "user", "content": one.text or f"{one.id}?"}]}
            | {name: getattr(one, name) for name in told}
            for one in self.questions
        ]
        write_table(pl.DataFrame(rows, schema={**PROMPT, "split": pl.String()}), run.prompt_table)

    def _draws(self, run: RunFolder) -> None:
        rows = [
            _row(one, number, draw)
            for one in self.questions
            for number, draw in enumerate(one.draws)
        ]
        table = pl.DataFrame(rows, schema=SAMPLE)
        Shards(run.journal("samples")).write(0, table)
        write_table(table.select("sample_id"), run.current_draws)
        fates = table.select("prompt_id", teacher=pl.lit("A teacher"), teacher_digest="teacher")
        write_table(fates.unique(), run.prompt_fates)


def _row(question: Question, number: int, draw: Draw) -> dict[str, Any]:
    thought = split(draw.text)
    return {
        "sample_id": draw.id(question.id, number),
        "prompt_id": question.id,
        "draw": number,
        "teacher": draw.teacher,
        "settings": draw.settings,
        "max_tokens": 1000,
        "key": key_digest("math", question.reference),
        "text": draw.text,
        "finish_reason": "stop",
        "completion_tokens": draw.tokens,
        "reasoning": thought.reasoning,
        "response": thought.response,
        "verdict": draw.verdict,
        "verdict_reason": draw.reason,
        "answer": draw.answer,
    }
