"""Runs made by hand, their draws with stored verdicts, and what tests ask of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from click.testing import CliRunner

from factory.audit.reverify import begin
from factory.audit.verdict_changes import turns
from factory.cli import main
from factory.line.context import Context
from factory.line.dataset_stages import dataset, measures
from factory.models import Located
from factory.prompts.collect import PROMPT
from factory.recipe import Recipe
from factory.records import SAMPLE, key_digest, sample_id
from factory.run_folder import RunFolder
from factory.sampler import rejudge
from factory.sampler.asker import Asker
from factory.sampler.draws import draws_digest
from factory.sampler.rejudge import judge
from factory.sampler.teacher import Teacher
from factory.store import verdicts, write_table
from factory.store.shards import Shards
from filters.text.thinking import split

RIGHT, WRONG, OPEN = r"<think>so</think> \boxed{5}", r"<think>so</think> \boxed{6}", "<think>so"
RECIPE: dict[str, Any] = {
    "name": "test",
    "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 9, "held_out": 1}],
    "teacher": {"base": {"tiny": "qwen2", "rows": 100}},
    "sampling": {"policy": {"until": {"accepted": 1, "max_draws": 3}}, "max_tokens": 96},
    "filters": {"correctness": {}, "length": {"max_tokens": 50}},
    "dataset": {"select": {"per_prompt": 1}},
}
TEACHER = Teacher(Located(path="", name="t", digest="t"))
KEY = key_digest("math", '"5"')
Given = tuple[str, str | None]
Stored = tuple[str, Given]
YES: Given = ("correct", None)
NO: Given = ("incorrect", "wrong_answer")
TIMEOUT: Given = ("unverifiable", "timeout")
CRASH: Given = ("unverifiable", "crash: ValueError")


def quiet(*_: Any, **__: Any) -> None:
    """A report that nobody reads."""


def run_of(
    folder: Path, draws: Mapping[str, Sequence[Stored]], shard_rows: int = 2, **changes: Any
) -> Context:
    """A run whose prompts, all with the key 5, have these draws: text, and stored verdict."""
    recipe = Recipe.model_validate(RECIPE | changes)
    for stage in ("prompts", "samples/draws", "teacher", "measures", "dataset"):
        (folder / stage).mkdir(parents=True)
    RunFolder(folder).note(recipe, folder)
    TEACHER.model.note(folder / "teacher")
    asked = [
        {"prompt_id": id, "messages": [{"role": "user", "content": f"{id}?"}], "split": "train"}
        | {"reference": '"5"', "verifier": "math", "source": "sums", "language": "en"}
        for id in draws
    ]
    write_table(
        pl.DataFrame(asked, schema={**PROMPT, "split": pl.String()}),
        folder / "prompts" / "table.parquet",
    )
    asker = Asker(TEACHER.identity(recipe.sampling), recipe.sampling, recipe.seed)
    rows = [
        _row(prompt, number, asker, *draw)
        for prompt, all_of_it in draws.items()
        for number, draw in enumerate(all_of_it)
    ]
    table = pl.DataFrame(rows, schema=SAMPLE)
    for number, shard in enumerate(table.iter_slices(shard_rows)):
        Shards(folder / "samples" / "draws").write(number, shard)
    write_table(table.select("sample_id"), folder / "samples" / "current.parquet")
    fates = table.select("prompt_id", teacher=pl.lit("A teacher"), teacher_digest="teacher")
    write_table(fates.unique(), folder / "samples" / "prompts.parquet")
    return Context(recipe, folder, RunFolder(folder), "samples", quiet)


def _row(
    prompt: str, number: int, asker: Asker, text: str, verdict: tuple[str, str | None]
) -> dict[str, Any]:
    thought = split(text)
    return {
        "sample_id": sample_id(prompt, asker.teacher, asker.settings, number, 96),
        "prompt_id": prompt,
        "draw": number,
        "teacher": asker.teacher,
        "settings": asker.settings,
        "max_tokens": 96,
        "key": KEY,
        "opening": "",
        "text": text,
        "finish_reason": "stop" if thought.response else "length",
        "completion_tokens": 10,
        "reasoning": thought.reasoning,
        "response": thought.response,
        "verdict": verdict[0],
        "verdict_reason": verdict[1],
        "answer": thought.response[-2] if thought.response else None,
    }


def again(context: Context, *only: str) -> rejudge.Round:
    round_ = begin(context.run, only)
    judge(round_, context.draws().place, context.run.prompts(), quiet)
    return round_


def turned(context: Context, round_: rejudge.Round) -> dict[tuple[str, str], int]:
    return turns(round_, context.draws().place, context.run.prompts()).counts


def now(context: Context) -> list[tuple[str, str | None]]:
    """Verdicts as the line sees them."""
    told = ("verdict", "verdict_reason")
    return list(context.draws().in_order(context.run.current(), told).select(told).iter_rows())


def digest_now(context: Context) -> str:
    return draws_digest(context.draws(), context.run.current())


def apply(run: Path, name: str) -> None:
    verdicts.apply(RunFolder(run).rounds("samples"), name)


def written(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def made(context: Context) -> None:
    """Measure, and make the dataset version of the present verdicts."""
    for stage, make in (("measures", measures), ("dataset", dataset)):
        make(Context(context.recipe, context.home, context.run, stage, quiet))


def call(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output
