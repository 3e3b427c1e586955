"""Texts of chosen draws: in the order asked for, whatever order they lie in, and nothing left."""

from pathlib import Path

import polars as pl
import pytest

from factory.errors import StageError
from factory.records import SAMPLE
from factory.store.draws import Draws
from factory.store.shards import Shards
from factory.versions import gather as gathering
from factory.versions.gather import gather


@pytest.fixture
def draws(tmp_path: Path) -> Draws:
    """Thirty draws, seven in a shard, in no order; the first shard lacks a column."""
    rows = [
        {"sample_id": f"s{n:02}", "text": f"text {n}", "opening": None, "completion_tokens": n * 10}
        for n in range(30)
    ]
    table = pl.DataFrame(rows, schema=SAMPLE).sample(fraction=1, shuffle=True, seed=1)
    for number, shard in enumerate(table.iter_slices(7)):
        older = shard.drop("answer") if number == 0 else shard.with_columns(answer=pl.lit("5"))
        Shards(tmp_path / "draws").write(number, older)
    return Draws(tmp_path / "draws")


def chosen(draws: Draws, *numbers: int) -> pl.DataFrame:
    ids = pl.DataFrame(
        {"sample_id": [f"s{n:02}" for n in numbers]}, schema={"sample_id": pl.String}
    )
    return draws.in_order(ids, ["completion_tokens"]).with_columns(share=pl.lit(0.5))


@pytest.mark.parametrize("tokens", [1, 100, 1000, 10**9])
@pytest.mark.parametrize("most", [2, 256])
def test_rows_come_in_their_order_a_bucket_at_a_time(
    draws: Draws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokens: int, most: int
):
    monkeypatch.setattr(gathering, "BUCKET_TOKENS", tokens)
    monkeypatch.setattr(gathering, "BUCKETS", most)
    wanted = chosen(draws, *range(28, 3, -1))
    tables = list(gather(draws, wanted, ("text", "opening", "answer"), tmp_path / "scratch"))
    assert len(tables) <= most + 1
    assert len(tables) > 1 or tokens > 1000
    rows = pl.concat(tables)
    assert rows["text"].to_list() == [f"text {n}" for n in range(28, 3, -1)]
    assert rows.select(wanted.columns).equals(wanted)
    assert set(rows["answer"]) == {None, "5"}  # what an older shard lacks is null
    assert not (tmp_path / "scratch").exists()


def test_draws_whose_tokens_nobody_counted_are_gathered_too(draws: Draws, tmp_path: Path):
    wanted = chosen(draws, 3, 1, 2).with_columns(completion_tokens=pl.lit(None, pl.Int32))
    (rows,) = gather(draws, wanted, ["text"], tmp_path / "scratch")
    assert rows["text"].to_list() == ["text 3", "text 1", "text 2"]


def test_nothing_chosen_is_a_table_without_rows(draws: Draws, tmp_path: Path):
    (rows,) = gather(draws, chosen(draws), ("text", "answer"), tmp_path / "scratch")
    assert (rows.height, rows.schema["text"], rows.schema["answer"]) == (0, pl.String, pl.String)


def test_a_draw_that_is_gone_is_an_error_and_leaves_nothing(draws: Draws, tmp_path: Path):
    wanted = chosen(draws, 1, 2).vstack(chosen(draws, 3).with_columns(sample_id=pl.lit("gone")))
    with pytest.raises(StageError, match="of 3 chosen draws 2 were found"):
        list(gather(draws, wanted, ["text"], tmp_path / "scratch"))
    assert not (tmp_path / "scratch").exists()


def test_what_a_crash_left_in_the_buckets_is_not_gathered(draws: Draws, tmp_path: Path):
    pieces = gather(draws, chosen(draws, 4, 5), ["text"], tmp_path / "scratch")
    next(pieces)
    (tmp_path / "scratch").mkdir(exist_ok=True)
    (tmp_path / "scratch" / "0.arrow").write_bytes(b"half")
    (rows,) = gather(draws, chosen(draws, 1, 2), ["text"], tmp_path / "scratch")
    assert rows["text"].to_list() == ["text 1", "text 2"]
