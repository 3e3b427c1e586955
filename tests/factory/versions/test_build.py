"""From draws to rows: measured once, all reasons kept, the shortest chosen, the control by lot."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.errors import LedgerError, StageError
from factory.prompts.collect import PROMPT
from factory.recipe.selection import Select
from factory.records import SAMPLE
from factory.store.draws import Draws
from factory.store.shards import Shards
from factory.versions import build
from factory.versions.choose import (
    OF_DRAWS,
    dataset_rows,
    decisions,
    messages,
    unfiltered,
)
from factory.versions.gather import gather
from factory.versions.selection import select
from factory.versions.selection.order import in_order
from factory.versions.told import Told
from filters import FILTERS, Filters
from filters.code_blocks import CodeBlocks
from filters.correctness import Correctness
from filters.format import Format
from filters.language import Language
from filters.length import Length
from filters.text import machine_code
from filters.text.thinking import split
from filters.truncation import Truncation

GOOD = r"<think>2+3=5</think> \boxed{5}"


def draws(*rows: dict[str, Any]) -> pl.DataFrame:
    """Draws of a row each; what is not given is that of a good one."""
    full = []
    good: dict[str, Any] = {"prompt_id": "p", "draw": 0, "text": GOOD, "verdict": "correct"}
    for row in (good | given for given in rows):
        thought = split(row["text"])
        full.append(
            {"sample_id": f"{row['prompt_id']}{row['draw']}", "finish_reason": "stop"}
            | {"completion_tokens": 10, "teacher": "t", "answer": "5"}
            | {"reasoning": thought.reasoning, "response": thought.response}
            | row
        )
    return pl.DataFrame(full, schema=SAMPLE)


def asked(*ids: str) -> pl.DataFrame:
    rows = [
        {"prompt_id": id, "messages": [{"role": "user", "content": f"{id}: 2+3?"}]}
        | {"source": "sums", "domain": "math", "language": "en", "reference": '"5"'}
        for id in ids
    ]
    return pl.DataFrame(rows, schema=PROMPT)


def kept(rows: pl.DataFrame, place: Path) -> Draws:
    """These draws in shards of two each, somewhere below."""
    for number, shard in enumerate(rows.iter_slices(2)):
        Shards(place / "draws").write(number, shard)
    return Draws(place / "draws")


def light(rows: pl.DataFrame, filters: Filters, place: Path) -> pl.DataFrame:
    prompts = asked(*rows["prompt_id"].unique().sort())
    return build.light(kept(rows, place), rows.select("sample_id"), prompts, filters)


def nothing(*_: Any, **__: Any) -> None:
    """A report that nobody reads."""


def measure(rows: pl.DataFrame, filters: Filters, folder: Path, **prompts: Any) -> int:
    """Measure draws whose prompts have other values where some are given."""
    others = {name: pl.lit(value, pl.String) for name, value in prompts.items()}
    table = light(rows, filters, folder).with_columns(**others)
    draws = Draws(folder / "draws")
    return build.measure(draws, table, filters, folder / "measures", nothing)


def written(place: Path) -> dict[str, tuple[int, bytes]]:
    """Time of writing and content of every file of measures."""
    folder = place / "measures"
    files = [file for file in folder.rglob("*") if file.is_file()]
    names = (str(file.relative_to(folder)) for file in files)
    contents = ((file.stat().st_mtime_ns, file.read_bytes()) for file in files)
    return dict(zip(names, contents, strict=True))


# --- measures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {}),
        (Filters(correctness=Correctness()), {}),  # the sampler judged already
        (Filters(length=Length(), format=Format()), {"format": 1, "length": 1}),
        (Filters(length=Length(max_tokens=3)), {"length": 1}),  # no threshold gets here
    ],
)
def test_what_is_measured_depends_on_versions_alone(filters: Filters, expected: dict[str, int]):
    assert build.versions(filters) == {name: FILTERS[name].version for name in expected}


def test_measuring_is_done_once_and_adds_files(tmp_path: Path):
    one, two = draws({"draw": 0}, {"draw": 1}), draws({"draw": 0}, {"draw": 1}, {"draw": 2})
    length, both = Filters(length=Length()), Filters(length=Length(), format=Format())
    assert measure(one, length, tmp_path) == 2
    assert list(written(tmp_path)) == ["length@1/part-00000.parquet"]

    before = written(tmp_path)
    assert measure(one, length, tmp_path) == 0
    assert measure(one, Filters(length=Length(max_tokens=3)), tmp_path) == 0
    assert written(tmp_path) == before

    assert measure(one, both, tmp_path) == 2  # a new filter measures everything, and itself alone
    assert measure(two, both, tmp_path) == 2  # a new draw is measured by either
    after = written(tmp_path)
    assert before.items() <= after.items()
    folders = ["format@2", "length@1"]
    assert sorted(after) == [f"{name}/part-0000{n}.parquet" for name in folders for n in (0, 1)]


def test_a_filter_gets_the_columns_it_reads_of_draws_it_did_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen: list[tuple[list[str], int]] = []

    def watched(rows: pl.DataFrame) -> pl.DataFrame:
        seen.append((rows.columns, rows.height))
        return measured(rows)

    asked_for: list[list[str]] = []

    def read(self: Shards, columns: Sequence[str], ids: pl.DataFrame | None = None) -> Any:
        asked_for.append(list(columns))
        return each(self, columns, ids)

    measured, each = Length.measured, Shards.each
    monkeypatch.setattr(Length, "measured", watched)
    filters = Filters(length=Length(), correctness=Correctness())
    few, more = ([{"draw": n} for n in range(count)] for count in (3, 6))
    measure(draws(*few), filters, tmp_path)
    monkeypatch.setattr(Shards, "each", read)
    assert measure(draws(*more), filters, tmp_path) == 3
    reads = ["sample_id", *Length.reads]
    assert {tuple(sorted(columns)) for columns, _ in seen} == {tuple(sorted(reads))}
    assert sum(height for _, height in seen) == 6
    light_read, texts_read = asked_for
    assert not set(light_read) & {"text", "reasoning", "response", "token_ids"}
    assert set(texts_read) == set(reads)
    assert measure(draws(*more), filters, tmp_path) == 0
    assert len(asked_for) == 3  # and no text is read where everything is measured


@pytest.mark.parametrize(
    ("kept", "told"), [(False, [" (first they are compiled, once on this machine)"]), (True, [])]
)
def test_who_waits_for_a_compiler_is_told(
    kept: bool, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(machine_code, "is_kept", lambda module: kept)
    units: list[str] = []

    def report(done: int, total: int, unit: str) -> None:
        units.append(unit.removeprefix("measures"))

    rows, filters = draws({"draw": 0}), Filters(length=Length(), language=Language())
    for _ in range(2):  # where all is measured nothing is compiled
        table = light(rows, filters, tmp_path)
        build.measure(Draws(tmp_path / "draws"), table, filters, tmp_path / "measures", report)
    assert [unit for unit in units if unit] == told


def test_another_language_of_the_prompts_is_measured_again_by_who_reads_it(tmp_path: Path):
    filters = Filters(length=Length(), language=Language())
    rows = draws({"draw": 0}, {"draw": 1}, {"draw": 2})
    assert measure(rows, filters, tmp_path, language="en") == 6
    before = written(tmp_path)
    assert measure(rows, filters, tmp_path, language="de") == 3
    added = written(tmp_path).keys() - before.keys()
    assert {Path(name).parent.name for name in added} == {f"language@{Language.version}"}
    assert before.items() <= written(tmp_path).items()
    for language in ("en", "de", "en"):  # to and fro, as often as one likes
        assert measure(rows, filters, tmp_path, language=language) == 0
    assert measure(rows, filters, tmp_path, language=None) == 3  # not known is another answer
    assert measure(rows, filters, tmp_path, language=None) == 0


def test_measures_without_what_they_read_are_made_anew(tmp_path: Path):
    filters = Filters(language=Language())
    measure(draws({"draw": 0}), filters, tmp_path)
    file = tmp_path / "measures" / f"language@{Language.version}" / "part-00000.parquet"
    pl.read_parquet(file).drop("language").write_parquet(file)
    assert measure(draws({"draw": 0}), filters, tmp_path) == 1


def test_a_new_version_of_a_measure_leaves_the_old_one_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rows, length = draws({"draw": 0}), Filters(length=Length())
    measure(rows, length, tmp_path)
    before = written(tmp_path)
    monkeypatch.setattr(Length, "version", 2)
    assert measure(rows, length, tmp_path) == 1
    assert written(tmp_path).keys() - before.keys() == {"length@2/part-00000.parquet"}
    assert before.items() <= written(tmp_path).items()


def test_what_a_crash_left_of_a_file_is_no_measure(tmp_path: Path):
    home = tmp_path / "measures" / "length@1"
    home.mkdir(parents=True)
    (home / "part-00000.parquet.tmp").write_bytes(b"PAR1 and then nothing")
    assert measure(draws({"draw": 0}), Filters(length=Length()), tmp_path) == 1
    assert list(written(tmp_path)) == ["length@1/part-00000.parquet"]


def test_a_draw_that_was_not_measured_is_an_error(tmp_path: Path):
    filters = Filters(length=Length())
    measure(draws({"draw": 0}), filters, tmp_path)
    rows = light(draws({"draw": 0}, {"draw": 1}), filters, tmp_path)
    with pytest.raises(LedgerError, match=r"length: 1 draws not measured: \['p1'\]"):
        build.judged(rows, filters, tmp_path / "measures")


def test_a_draw_that_is_not_there_any_more_is_an_error(tmp_path: Path):
    place, ids = kept(draws({"draw": 0}), tmp_path), pl.DataFrame({"sample_id": ["p0", "p1"]})
    with pytest.raises(StageError, match="1 of 2 draws are not there any more"):
        build.light(place, ids, asked("p"), Filters())


def test_a_rule_gets_what_it_asks_of_the_prompt(tmp_path: Path):
    filters = Filters(code_blocks=CodeBlocks(allow=("math",)))
    rows = draws({"text": "<think>```python\n```</think>5"})
    measure(rows, filters, tmp_path)
    table = light(rows, filters, tmp_path)
    assert "domain" in table.columns
    assert build.judged(table, filters, tmp_path / "measures")["dropped_by"].to_list() == [None]
    other = table.with_columns(domain=pl.lit("code"))
    judged = build.judged(other, filters, tmp_path / "measures")
    assert judged["dropped_by"].to_list() == ["code_blocks"]


def test_all_reasons_are_kept_and_the_first_filter_drops(tmp_path: Path):
    filters = Filters(
        truncation=Truncation(), correctness=Correctness(), length=Length(max_tokens=20)
    )
    rows = draws(
        {"draw": 0},
        {"draw": 1, "completion_tokens": 21},
        {"draw": 2, "completion_tokens": 21, "finish_reason": "length", "verdict": "incorrect"},
        {"draw": 3, "verdict": "unverifiable"},
    )
    measure(rows, filters, tmp_path)
    judged = build.judged(light(rows, filters, tmp_path), filters, tmp_path / "measures")
    assert judged["sample_id"].to_list() == rows["sample_id"].to_list()
    by_draw = dict(judged.select("draw", "dropped_by").iter_rows())
    assert by_draw == {0: None, 1: "length", 2: "truncation", 3: "correctness"}
    reasons = dict(judged.select("draw", "reasons").iter_rows())
    assert reasons[0] == []
    assert len(reasons[2]) == 3  # cut off, wrong and too long


# --- choosing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per_prompt", "rows", "fates"),
    [
        (1, [("a", 9, None), ("a", 5, None)], ["spare", "chosen"]),  # the shortest is taken
        (1, [("a", 5, None), ("a", 5, None)], ["chosen", "spare"]),  # of equals, the first draw
        (1, [("a", 1, "length"), ("a", 9, None)], ["dropped", "chosen"]),  # of those accepted
        (1, [("a", 9, None), ("b", 5, None)], ["chosen", "chosen"]),  # each prompt by itself
        (2, [("a", 9, None), ("a", 5, None), ("a", 7, None)], ["spare", "chosen", "chosen"]),
        (None, [("a", 9, None), ("a", 5, None), ("a", 1, "format")], ["chosen"] * 2 + ["dropped"]),
        (3, [("a", 9, "length")], ["dropped"]),
    ],
)
def test_the_shortest_accepted_draws_are_chosen(
    per_prompt: int | None, rows: Sequence[tuple[str, int, str | None]], fates: list[str]
):
    table = pl.DataFrame(
        [(prompt, n, tokens, why) for n, (prompt, tokens, why) in enumerate(rows)],
        schema={
            "prompt_id": pl.String(),
            "draw": pl.Int32(),
            "completion_tokens": pl.Int32(),
            "dropped_by": pl.String(),
        },
        orient="row",
    )
    wanted = Select(per_prompt=per_prompt)
    assert select(table, wanted, 0).rows["fate"].to_list() == fates
    turned = select(table.reverse(), wanted, 0)  # whatever their order in the table
    assert turned.rows["fate"].to_list() == fates[::-1]


def test_the_control_takes_first_draws_by_lot():
    rows = draws(*[{"prompt_id": f"p{n}", "draw": draw} for n in range(20) for draw in range(3)])
    lot = unfiltered(rows, 5, 1, seed=1)
    assert lot.height == lot["prompt_id"].n_unique() == 5
    assert set(lot["draw"]) == {0}
    assert unfiltered(rows.reverse(), 5, 1, seed=1)["sample_id"].equals(lot["sample_id"])
    larger = unfiltered(rows, 8, 1, seed=1)["prompt_id"].to_list()
    assert larger[:5] == lot["prompt_id"].to_list()
    assert not unfiltered(rows, 5, 1, seed=2)["sample_id"].equals(lot["sample_id"])
    twice = unfiltered(rows, 30, 2, seed=1)  # every prompt was sure of two draws
    assert twice["draw"].value_counts().sort("draw").rows() == [(0, 20), (1, 10)]


# --- rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opening", "text", "expected"),
    [
        (None, "<think>2+3</think>5", "<think>2+3</think>5"),
        ("<think>\n", "2+3</think>5", "<think>\n2+3</think>5"),  # what a template wrote is put back
    ],
)
def test_a_row_ends_with_the_whole_draw(opening: str | None, text: str, expected: str):
    told = draws({"text": text, "opening": opening})
    (row,) = messages(told, asked("p"))["messages"].to_list()
    assert row == [
        {"role": "user", "content": "p: 2+3?"},
        {"role": "assistant", "content": expected},
    ]


def test_a_dataset_has_conversations_origin_and_measures_and_decisions_have_every_draw(
    tmp_path: Path,
):
    rows = draws({"prompt_id": "q"}, {"prompt_id": "p"}, {"draw": 1, "completion_tokens": 99})
    filters = Filters(length=Length(max_tokens=50), correctness=Correctness())
    measure(rows, filters, tmp_path)
    table = light(rows, filters, tmp_path)
    judged = build.judged(table, filters, tmp_path / "measures")
    decided = select(judged, Select(per_prompt=1), 0).rows
    chosen = in_order(decided.filter(fate="chosen"))
    (texts,) = gather(Draws(tmp_path / "draws"), chosen, OF_DRAWS, tmp_path / "scratch")
    fates = pl.DataFrame({"teacher": ["A teacher"], "teacher_digest": ["t"]})
    dataset = dataset_rows(texts, Told.of(asked("p", "q"), fates))
    assert dataset["prompt_id"].to_list() == ["p", "q"]
    assert dataset.columns[0] == "messages"
    assert dataset.select("source", "domain", "language", "reference", "answer").row(0) == (
        "sums", "math", "en", "5", "5",
    )  # fmt: skip
    assert set(Length.columns) <= set(dataset.columns)
    everything = decisions(decided)
    assert everything["sample_id"].to_list() == ["p0", "p1", "q0"]
    assert everything["fate"].to_list() == ["chosen", "dropped", "chosen"]
    assert set(Length.columns) <= set(everything.columns)
