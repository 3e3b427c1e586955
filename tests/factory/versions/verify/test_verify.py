"""Verify: a version is what it says, or each thing that is not is named by file and row."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from versions import repair

from factory.cli import main
from factory.errors import StageError
from factory.versions import manifest as manifests
from factory.versions.content import ContentDigest
from factory.versions.folder import (
    card_of,
    decisions_of,
    index_of,
    manifest_of,
    provenance_of,
    shards_of,
)
from factory.versions.layout import write_plain
from factory.versions.verify import verify
from factory.versions.verify.fault import Fault, some

Forge = Callable[[pl.DataFrame], pl.DataFrame]


def faults_in(version: Path, file: str) -> list[str]:
    return [str(fault) for fault in verify(version).faults if fault.file == file]


def names(version: Path) -> list[str]:
    return sorted(f.relative_to(version).as_posix() for f in version.rglob("*") if f.is_file())


def forge(version: Path, change: Forge, *, index: bool = True) -> pl.DataFrame:
    """Write other rows in place of a shard's, and an index that has their digests."""
    [file] = shards_of(version)
    rows = change(pl.read_parquet(file))
    write_plain(rows, file)
    if index:
        digests, _ = ContentDigest().add(rows)
        told = rows.select("sample_id", "prompt_id").with_columns(
            split=pl.lit("train"), shard=pl.lit(0, pl.Int32), digest=digests
        )
        write_plain(told, index_of(version))
    return rows


def flip(file: Path, at: int, bit: int = 0) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1 << bit
    file.write_bytes(content)


def test_a_good_version_says_what_was_checked(whole_version: Path):
    result = CliRunner().invoke(main, ["verify", str(whole_version)])
    manifest = manifests.read(whole_version)
    files = len(manifest.files) + 2  # the manifest itself, and the statement over all
    told = f"good: {files} files, {manifest.rows} rows, 1 split, digest {manifest.digest}\n"
    assert (result.exit_code, result.output) == (0, told)


def test_what_the_hub_puts_beside_a_version_is_no_fault(version: Path):
    (version / ".gitattributes").write_text("*.parquet filter=lfs\n")
    assert verify(version).good


def assert_each_flip_is_found(version: Path, seed: int, each: int) -> None:
    """Flip single bits of each file; each must be found in that file."""
    lot = random.Random(seed)
    for name in names(version):
        file = version / name
        content = file.read_bytes()
        for _ in range(each):
            at, bit = lot.randrange(len(content)), lot.randrange(8)
            flip(file, at, bit)
            try:
                found = [fault for fault in verify(version).faults if fault.file == name]
            except StageError as error:  # a manifest that is none any more
                found = [name] if name in str(error) else []
            assert found, f"{name}, byte {at}, bit {bit}"
            if name.endswith(".parquet"):
                assert any(isinstance(fault, Fault) and fault.row for fault in found), name
            file.write_bytes(content)


def test_a_changed_bit_is_found_wherever_it_is(version: Path):
    assert_each_flip_is_found(version, seed=0, each=4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_changed_bit_is_found_wherever_it_is_in_many_places(version: Path):
    assert_each_flip_is_found(version, seed=1, each=100)


def test_a_changed_byte_is_named_by_its_row(version: Path):
    [shard] = shards_of(version)
    name = shard.relative_to(version).as_posix()
    rows = pl.read_parquet(shard)
    for place, id in enumerate(rows["sample_id"]):
        forge(version, lambda _, id=id: _with_another_answer(rows, id), index=False)
        told = faults_in(version, name)
        assert any(
            fault.startswith(f"{name}: row {place} ({id}): expected digest") for fault in told
        )


def _with_another_answer(rows: pl.DataFrame, id: str) -> pl.DataFrame:
    return rows.with_columns(answer=pl.when(sample_id=id).then(pl.lit("6")).otherwise("answer"))


def test_pages_that_cannot_be_read_are_named_by_the_rows_in_them(version: Path):
    [shard] = shards_of(version)
    ids = pl.read_parquet(shard)["sample_id"]
    content = shard.read_bytes()
    shard.write_bytes(content[:4] + bytes(400) + content[404:])
    [_, fault] = faults_in(version, shard.relative_to(version).as_posix())
    assert f"({ids[0]} to {ids[-1]}): expected pages that can be read, found messages" in fault


SHARD_CHANGED = "data/train-00000-of-00001.parquet: expected"
CHANGES: list[tuple[Forge, str, str]] = [
    (lambda rows: rows[1:], "manifest.json: rows: expected", "the first row is gone"),
    (
        lambda rows: pl.concat([rows, rows[:1]]),
        "expected an id once, found it twice",
        "a row twice",
    ),
    (lambda rows: rows.reverse(), SHARD_CHANGED, "rows in another order"),
    (
        lambda rows: rows.with_columns(pl.col("messages").reverse()),
        "content digest",
        "conversations swapped",
    ),
    (
        lambda rows: rows.with_columns(sample_id=pl.lit("x") + pl.col("sample_id")),
        "expected a draw that was chosen, found no such decision",
        "ids of nobody",
    ),
    (
        lambda rows: rows.with_columns(tokens=pl.lit(51, pl.Int32)),
        "expected a row that its own rules keep, found too_long",
        "rows that the rules drop",
    ),
    (
        lambda rows: rows.with_columns(
            pl.col("messages").list.eval(pl.element().struct.with_fields(role=pl.lit("user")))
        ),
        "expected a last turn of the assistant, found turns of user, user",
        "nobody answers",
    ),
    (
        lambda rows: rows.with_columns(messages=pl.col("messages").list.head(0)),
        "expected messages, at least two, found no turn",
        "no messages",
    ),
    (
        lambda rows: rows.with_columns(prompt_id=pl.lit(None, pl.String)),
        "expected a value of prompt_id, found null",
        "a null where none may be",
    ),
    (
        lambda rows: rows.with_columns(messages=rows["messages"].gather([0] * rows.height)),
        "expected these messages once, filters.duplicates drops others, found it after",
        "all say the same",
    ),
    (
        lambda rows: rows.with_columns(duplicate_cluster=pl.lit("c")),
        "expected one of its cluster, filters.duplicates drops others, found it after",
        "all are near-duplicates",
    ),
]


@pytest.mark.parametrize(("change", "found", "remark"), CHANGES, ids=[c[-1] for c in CHANGES])
def test_forged_rows_are_found_though_their_digests_are_right(
    version: Path, change: Forge, found: str, remark: str
):
    forge(version, change)
    assert any(found in str(fault) for fault in verify(version).faults), remark
    repair(version)  # as far as can be without another digest of the rows
    if found != SHARD_CHANGED:  # the digest does not depend on the order
        assert any(found in str(fault) for fault in verify(version).faults), remark


def test_rows_in_another_order_are_named(version: Path):
    ids = forge(version, lambda rows: rows.reverse(), index=False)["sample_id"]
    found = faults_in(version, "data/train-00000-of-00001.parquet")
    wanted = f"row 0 and {len(ids) - 1 - len(ids) % 2} others: expected {ids[-1]} by the index"
    assert any(wanted in fault for fault in found), found


def test_rows_that_are_gone_or_new_are_named(version: Path):
    [shard] = shards_of(version)
    rows = pl.read_parquet(shard)
    forge(version, lambda rows: rows[1:], index=False)
    [gone] = [
        f
        for f in verify(version).faults
        if rows["sample_id"][0] in f.row and f.file != "decisions.parquet"
    ]
    assert (gone.expected, gone.found) == ("a row", "none with this id")
    forge(version, lambda _: pl.concat([rows, _renamed(rows[:1])]), index=False)
    [new] = [
        fault
        for fault in verify(version).faults
        if "(new)" in fault.row and fault.expected == "no such row"
    ]
    assert new.row == f"row {rows.height} (new)"


def _renamed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(sample_id=pl.lit("new"))


def test_an_index_that_lies_is_blamed_itself(version: Path):
    index = pl.read_parquet(index_of(version))
    write_plain(index.with_columns(pl.col("digest").reverse()), index_of(version))
    told = verify(version).faults
    assert {fault.file for fault in told} == {"rows.parquet"}
    assert sum(fault.expected.startswith("digest") for fault in told) == index.height


def test_files_that_are_missing_or_extra_are_named(version: Path):
    card_of(version).unlink()
    (version / "data" / "more.txt").write_text("more")
    told = [str(fault) for fault in verify(version).faults]
    assert told == [
        "data/more.txt: expected no such file, found 4 bytes",
        "README.md: expected a file, found no such file",
    ]


@pytest.mark.parametrize("name", ["data", "rows.parquet", "decisions.parquet", "funnel.parquet"])
def test_a_table_that_is_gone_is_a_fault_and_no_crash(version: Path, name: str):
    file = shards_of(version)[0] if name == "data" else version / name
    file.unlink()
    assert any("found no such file" in str(fault) for fault in verify(version).faults)


def test_a_statement_is_wanted(version: Path):
    provenance_of(version).unlink()
    [fault] = verify(version).faults
    assert (
        str(fault)
        == "provenance.intoto.json: expected a statement over all files, found no such file"
    )


SAID: list[tuple[dict[str, Any], str]] = [
    ({"rows": 99}, "manifest.json: rows: expected"),
    ({"splits": {"train": 99}}, "manifest.json: splits.train: expected"),
    ({"splits": {"train": 99, "test": 1}}, "manifest.json: splits.test: expected 0 (rows in its"),
    ({"formats": {"sharegpt": {"train": 3}}}, "formats.sharegpt.train: expected 0 (rows in its"),
    ({"digest": "0" * 64}, "content digest 0000"),
]


@pytest.mark.parametrize(("told", "found"), SAID)
def test_counts_are_of_the_rows_that_are_there(version: Path, told: dict[str, Any], found: str):
    repair(version, **told)
    assert any(found in str(fault) for fault in verify(version).faults)


def told_rules(version: Path, number: int, **changes: Any) -> list[dict[str, Any]]:
    rules = json.loads(manifest_of(version).read_bytes())["rules"]
    rules[number] |= changes
    return rules


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"dropped": 7}, "rules.format.dropped: expected 0 (by decisions.parquet), found 7"),
        ({"entering": 3}, "rules.format.entering: expected 21 (left by those before), found 3"),
        ({"left": 3}, "rules.format.left: expected 21 (the sum), found 3"),
        (
            {"reasons": {"no_thinking": 2}},
            "no_thinking: expected 0 (by decisions.parquet), found 2",
        ),
        ({"thresholds": {"final_answer": 3}}, "expected filters of this program, found format"),
    ],
)
def test_the_funnel_is_that_of_the_decisions(version: Path, changes: dict[str, Any], found: str):
    repair(version, rules=told_rules(version, 0, **changes))
    assert any(found in str(fault) for fault in verify(version).faults)


def test_rules_are_applied_again_to_all_draws(version: Path):
    repair(version, rules=told_rules(version, 2, thresholds={"max_tokens": 5}))
    found = [str(fault) for fault in verify(version).faults]
    assert any(
        "decisions.parquet: row 1" in f and "measures: too_long, found none" in f for f in found
    )


def test_the_ledger_closes(version: Path):
    ledger = json.loads(manifest_of(version).read_bytes())["ledger"]
    ledger["dataset"][0]["entered"] += 1
    repair(version, ledger=ledger)
    [fault] = verify(version).faults
    assert str(fault).startswith("manifest.json: ledger.dataset.draws: expected")


def test_decisions_and_rows_are_the_same_draws(version: Path):
    decisions = pl.read_parquet(decisions_of(version))
    write_plain(decisions.with_columns(fate=pl.lit("dropped")), decisions_of(version))
    repair(version)
    faults = verify(version).faults
    assert (
        sum(fault.found == "no such decision" for fault in faults) == manifests.read(version).rows
    )


def test_a_prompt_is_in_one_split(version: Path):
    [shard] = shards_of(version)
    rows = pl.read_parquet(shard)
    write_plain(
        rows[:1].with_columns(sample_id=pl.lit("other")),
        shard.with_name("test-00000-of-00001.parquet"),
    )
    [fault] = [
        fault for fault in verify(version).faults if "a prompt in one split" in fault.expected
    ]
    assert (fault.file, fault.row) == (
        "data/train-00000-of-00001.parquet",
        f"row 0 ({rows['sample_id'][0]})",
    )


def test_all_shards_have_one_schema(version: Path):
    [shard] = shards_of(version)
    rows = pl.read_parquet(shard)
    write_plain(rows[:1].drop("answer"), shard.with_name("train-00001-of-00002.parquet"))
    told = faults_in(version, "data/train-00001-of-00002.parquet")
    assert any(
        "expected columns as in all shards: " in fault and "answer" in fault for fault in told
    )


def test_what_is_no_version_is_said_to_be_none(tmp_path: Path):
    result = CliRunner().invoke(main, ["verify", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{tmp_path}: no dataset version: give a version's folder, a run" in result.output
    result = CliRunner().invoke(main, ["verify", str(tmp_path / "nothing")])
    assert "no dataset version" in result.output


def test_faults_are_told_and_the_exit_status_is_one(version: Path):
    card_of(version).unlink()
    result = CliRunner().invoke(main, ["verify", str(version)])
    assert result.exit_code == 1
    assert result.output == f"{version}: README.md: expected a file, found no such file\n"


def test_of_many_faults_of_a_kind_the_first_are_told():
    told = list(some(Fault("f", str(number), "a", "b") for number in range(1000)))
    assert len(told) == 21
    assert str(told[-1]) == "f: 980 more rows: expected a, found the same kind of fault"
