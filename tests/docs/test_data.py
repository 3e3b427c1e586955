"""docs/data.md has every column of every table, with its type."""

from pathlib import Path

import polars as pl
import pytest
from documented import MEASURES, difference, documented, page_of

from factory.audit.keys import SUSPECT
from factory.prompts.benchmarks import ITEM
from factory.prompts.collect import PROMPT, SET_ASIDE
from factory.recipe.selection import Select
from factory.records import SAMPLE
from factory.sampler.admission import SET_ASIDE as UNASKED
from factory.sampler.failures import FAILED
from factory.sampler.outcome import PROMPTS
from factory.store.verdicts import VERDICT
from factory.versions import funnel, layout
from factory.versions.choose import dataset_rows, decisions
from factory.versions.compare import PAIR, PHRASE
from factory.versions.selection import select
from factory.versions.told import Told
from filters import FILTERS, Filters, judge, measure
from filters.measures import measures_of
from sft.rows import ROW
from teacher.rollouts import ROLLOUT

JUDGED = select(
    judge(
        measure(
            pl.DataFrame(schema={**SAMPLE, **{n: PROMPT[n] for n in ("source", "domain")}})
            .with_columns(language=pl.lit("en"), license=pl.lit("MIT"))
            .clear(),
            Filters(),
        ),
        Filters(),
    ),
    Select(per_prompt=1),
    seed=0,
).rows
OF_ROUND = {"teacher": pl.String(), "teacher_digest": pl.String(), "beside": pl.String()}
TOLD = Told.of(pl.DataFrame(schema=PROMPT), pl.DataFrame(schema={**PROMPTS, **OF_ROUND}))
SET = "measures/FILTER@VERSION/SET"
TABLES = {
    "prompts/table.parquet": {**PROMPT, "split": pl.String()},
    "prompts/set_aside.parquet": SET_ASIDE,
    "benchmarks/items.parquet": ITEM,
    "samples/draws/part-N.parquet": SAMPLE,
    "samples/current.parquet": {"sample_id": SAMPLE["sample_id"]},
    "samples/prompts.parquet": {**PROMPTS, **OF_ROUND},
    "difficulty/prompts.parquet": {**PROMPTS, **OF_ROUND},
    "samples/unasked.parquet": {**UNASKED, **OF_ROUND, "question": pl.String()},
    "samples/failed.parquet": FAILED,
    "samples/verdicts/ROUND/part-N.parquet": VERDICT,
    f"{SET}/of_prompts.parquet": {"prompt_id": pl.String(), **FILTERS["duplicates"].columns},
    f"{SET}/of_draws.parquet": {"sample_id": pl.String(), **FILTERS["duplicates"].columns},
    f"{SET.replace('FILTER', 'contamination')}/evidence.parquet": PAIR,
    f"{SET.replace('FILTER', 'contamination')}/phrases.parquet": PHRASE,
    f"{SET.replace('FILTER', 'duplicates')}/evidence.parquet": {
        **dict.fromkeys(("prompt_id", "source", "text"), pl.String()),
        **FILTERS["duplicates"].columns,
    },
    "dataset/vN/decisions.parquet": decisions(JUDGED).schema,
    "dataset/vN/data/train-*.parquet": dataset_rows(JUDGED, TOLD).schema,
    "dataset/vN/rows.parquet": layout.INDEX,
    "dataset/vN/funnel.parquet": funnel.ROW,
    "student/rows.parquet": ROW,
    "STAGE/rollouts/part-N.parquet": ROLLOUT,
    "key_suspects.parquet": SUSPECT,
}


@pytest.mark.parametrize("file", TABLES)
def test_a_table_has_the_columns_that_the_page_says(file: str):
    assert not difference(file, pl.Schema(TABLES[file]))


def test_every_table_has_its_test():
    assert documented().keys() == TABLES.keys() | {MEASURES}


@pytest.mark.parametrize("filter", FILTERS.values(), ids=list(FILTERS))
def test_every_measure_is_explained_by_its_filter(filter):
    assert list(measures_of(filter)) == list(filter.columns)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("scores-teacher/draws/part-00001.parquet", "samples/draws/part-N.parquet"),
        ("dataset/v12/data/train-00000-of-00001.parquet", "dataset/vN/data/train-*.parquet"),
        ("control/rows.parquet", "student/rows.parquet"),
        ("teacher/rollouts/part-00003.parquet", "STAGE/rollouts/part-N.parquet"),
        ("teacher-2-grpo/held-out/part-00000.parquet", "STAGE/rollouts/part-N.parquet"),
        ("teacher/given-up/rollouts/step-00005-1.parquet", "STAGE/rollouts/part-N.parquet"),
        ("measures/language@1/part-00000.parquet", MEASURES),
        ("student/model/config.json", ""),
    ],
)
def test_files_of_a_run_are_found_in_the_page(path: str, file: str):
    assert page_of(Path(path)) == file
