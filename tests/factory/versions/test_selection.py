"""Which accepted draws become rows: step by step, by seed, and what is said where rows lack."""

import doctest
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from factory.recipe.selection import WAYS, Select
from factory.versions.selection import Selected, ranking, room, select
from factory.versions.selection.facts import LIMO, score
from factory.versions.selection.order import in_order

TYPES: dict[str, pl.DataType] = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "draw": pl.Int32(),
    "completion_tokens": pl.Int32(),
    "dropped_by": pl.String(),
    "source": pl.String(),
    "domain": pl.String(),
    "language": pl.String(),
    "topic": pl.String(),
    "pass_rate": pl.Float64(),
    "score": pl.Float64(),
    "variety": pl.Int32(),
    "unit": pl.String(),
    "duplicate_cluster": pl.String(),
    "thinks": pl.Boolean(),
    **dict.fromkeys(LIMO, pl.Int32()),
}


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    """Judged draws, accepted where nothing else is said: one of each prompt."""
    full = []
    for number, row in enumerate(rows):
        id = row.get("prompt_id", f"p{number:04}")
        plain = {"prompt_id": id, "draw": 0, "completion_tokens": 100, "domain": "math"}
        full.append(plain | {"sample_id": f"s{number:04}", "source": "gsm8k"} | row)
    return pl.DataFrame(full, schema=TYPES)


def chosen(judged: pl.DataFrame, seed: int = 0, **wanted: Any) -> list[str]:
    found = select(judged, Select.model_validate(wanted), seed)
    return found.rows.filter(fate="chosen")["sample_id"].to_list()


def left_out(found: Selected) -> dict[str, int]:
    spare = found.rows.filter(fate="spare")["spare_by"]
    return dict(spare.value_counts().iter_rows())


# --- of one prompt ------------------------------------------------------------------------------

DRAWS = table(
    {"prompt_id": "p", "draw": 0, "completion_tokens": 50, "score": 0.1, "variety": 1},
    {"prompt_id": "p", "draw": 1, "completion_tokens": 20, "score": 0.2, "variety": 0},
    {"prompt_id": "p", "draw": 2, "completion_tokens": 90, "score": 0.9, "variety": 2},
    {"prompt_id": "p", "draw": 3, "completion_tokens": 10, "dropped_by": "correctness"},
    {"prompt_id": "p", "draw": 4, "completion_tokens": None, "score": 0.5, "variety": 3},
)


@pytest.mark.parametrize(
    ("prefer", "taken"),
    [
        ("shortest", ["s0000", "s0001"]),  # the dropped one would be shorter
        ("longest", ["s0000", "s0002"]),  # of unknown length: neither short nor long
        ("best", ["s0002", "s0004"]),
        ("diverse", ["s0000", "s0001"]),
    ],
)
def test_the_preferred_draws_of_a_prompt_are_taken(prefer: str, taken: list[str]):
    assert chosen(DRAWS, per_prompt=2, prefer=prefer) == taken


def test_draws_by_lot_depend_on_the_seed_and_not_on_their_order():
    lots = {seed: chosen(DRAWS, seed, per_prompt=1, prefer="random") for seed in range(20)}
    assert len({tuple(lot) for lot in lots.values()}) == 4
    assert all(chosen(DRAWS.reverse(), s, per_prompt=1, prefer="random") == lots[s] for s in lots)


# --- of one step after another ------------------------------------------------------------------

MIXED = table(
    {"prompt_id": "easy", "pass_rate": 1.0},
    {"prompt_id": "some", "pass_rate": 0.5},
    {"prompt_id": "some", "pass_rate": 0.5, "draw": 1, "completion_tokens": 90},
    {"prompt_id": "twin", "pass_rate": 0.25, "duplicate_cluster": "some", "completion_tokens": 80},
    {"prompt_id": "odd", "pass_rate": None},
    {"prompt_id": "bad", "pass_rate": 0.0, "dropped_by": "correctness"},
).with_columns(
    unit="prompt_id",
    duplicate_cluster=pl.when(pl.col("prompt_id").is_in(["some", "twin"])).then(pl.lit("some")),
)


def test_every_draw_that_is_not_chosen_has_the_step_that_left_it():
    wanted = Select.model_validate(
        {"difficulty": {"min": 0.1, "max": 0.9}, "per_cluster": 1, "per_prompt": 1, "rows": 5}
    )
    found = select(MIXED, wanted, 0)
    assert found.rows.select("prompt_id", "fate", "spare_by").rows() == [
        ("easy", "spare", "difficulty"),
        ("some", "spare", "per_cluster"),  # its shortest draw is longer than the twin's
        ("some", "spare", "per_cluster"),
        ("twin", "chosen", None),
        ("odd", "spare", "difficulty_unknown"),
        ("bad", "dropped", None),
    ]
    assert found.steps.rows() == [
        ("difficulty", 5, 2, 3),
        ("per_cluster", 3, 2, 1),
        ("per_prompt", 1, 0, 1),
        ("rows", 1, 0, 1),
    ]
    assert found.short == [
        "difficulty: of 1 of 5 accepted draws no pass rate is known",
        "rows: 5 rows asked for, 1 there",
    ]


def test_a_band_holds_the_domains_that_it_names():
    rows = table(
        {"pass_rate": 1.0},
        {"pass_rate": None, "domain": "general"},  # chat has no right answer
        {"pass_rate": 0.5},
    )
    assert chosen(rows, difficulty={"max": 0.9, "domains": ["math"]}) == ["s0001", "s0002"]


def test_nothing_asked_for_leaves_all():
    found = select(MIXED, Select(), 0)
    assert found.rows["fate"].value_counts().sort("fate").rows() == [("chosen", 5), ("dropped", 1)]
    assert found.steps.is_empty()
    assert found.rows.drop("fate", "spare_by").equals(MIXED)


def test_of_a_cluster_of_draws_the_preferred_draw_stays():
    rows = DRAWS.with_columns(
        unit="sample_id",
        duplicate_cluster=pl.when(pl.col("draw").is_in([0, 1, 2])).then(pl.lit("s0000")),
    )
    assert chosen(rows, per_cluster=1) == ["s0001", "s0004"]
    assert chosen(rows, per_cluster=1, prefer="longest") == ["s0002", "s0004"]


# --- quotas, parts, rows ------------------------------------------------------------------------


def many(**counts: int) -> pl.DataFrame:
    """So many draws of each source, `DOMAIN_NAME`; each longer than the one before."""
    rows = [
        {"source": source, "domain": source.partition("_")[0], "topic": f"{source} {n % 3}"}
        for source, count in counts.items()
        for n in range(count)
    ]
    longer = [row | {"completion_tokens": n, "score": n / 1000} for n, row in enumerate(rows)]
    return table(*longer)


def counted(found: Selected, by: str = "source") -> dict[str, int]:
    return dict(found.rows.filter(fate="chosen")[by].value_counts().sort(by).iter_rows())


def test_a_source_is_cut_before_its_domain_so_neither_takes_what_the_other_needs():
    rows = many(math_long=100, math_short=100, code_x=10)
    wanted = {"quotas": {"source": {"math_long": 30}, "domain": {"math": 50, "code": 20}}}
    found = select(rows, Select.model_validate(wanted | {"take": "longest"}), 0)
    assert counted(found) == {"code_x": 10, "math_short": 50}  # the later ones are longer
    shortest = select(rows, Select.model_validate(wanted | {"take": "shortest"}), 0)
    assert counted(shortest) == {"code_x": 10, "math_long": 30, "math_short": 20}
    assert left_out(shortest) == {"quota_source": 70, "quota_domain": 80}
    assert shortest.short == ["quota of domain code: 20 rows asked for, 10 there"]


def test_a_mix_has_the_rows_of_each_part_and_says_what_lacks():
    """R1's 600k and 200k, a thousand times smaller."""
    rows = many(math_a=500, code_b=300, general_c=150, other_d=7)
    mix = [
        {"name": "reasoning", "domains": ["math", "code"], "rows": 600},
        {"name": "other", "domains": ["general"], "rows": 200},
    ]
    found = select(rows, Select.model_validate({"mix": mix}), 1)
    assert counted(found, "domain")["general"] == 150
    assert sum(counted(found).values()) == 750
    assert found.short == ["mix, part other: 200 rows asked for, 150 there"]
    assert found.rows.filter(domain="other")["spare_by"].unique().to_list() == ["mix"]
    assert found.steps.rows() == [("mix", 957, 207, 750)]


KEPT = "mix: 600 rows keep the shares, as part other has 150"


@pytest.mark.parametrize(
    ("rows", "expected", "short"),
    [
        (
            None,
            {"reasoning": 450, "other": 150},
            "mix: 600 rows keep the shares, as part other has 150",
        ),
        (400, {"reasoning": 300, "other": 100}, None),
        (1000, {"reasoning": 750, "other": 150}, "mix, part other: 250 rows asked for, 150 there"),
    ],
)
def test_shares_are_kept_however_many_rows_there_are(
    rows: int | None, expected: dict[str, int], short: str | None
):
    there = many(math_a=900, general_c=150)
    mix = [
        {"name": "reasoning", "domains": ["math"], "share": 0.75},
        {"name": "other", "sources": ["general_c"], "share": 0.25},
    ]
    found = select(there, Select.model_validate({"mix": mix, "rows": rows}), 1)
    counts = counted(found, "domain")
    assert counts == {"math": expected["reasoning"], "general": expected["other"]}
    assert found.short == ([short] if short else [])


def test_rows_are_spread_over_topics_as_far_as_each_has_them():
    rows = many(math_a=3, code_b=300, stem_c=300).with_columns(topic="domain")
    found = select(rows, Select.model_validate({"rows": 103, "topics": {"by": "domain"}}), 5)
    assert counted(found, "domain") == {"math": 3, "code": 50, "stem": 50}
    odd = select(rows, Select.model_validate({"rows": 104, "topics": {"by": "domain"}}), 5)
    assert sorted(counted(odd, "domain").values()) == [3, 50, 51]


def test_what_is_taken_by_lot_is_taken_by_seed():
    rows = many(math_a=200)
    one, other = (chosen(rows, seed, rows=20) for seed in (1, 2))
    assert one != other
    assert chosen(rows.reverse(), 1, rows=20)[::-1] == one
    larger = chosen(rows, 1, rows=40)
    assert set(one) < set(larger)  # more rows are the same ones and others


# --- ready names --------------------------------------------------------------------------------


def test_s1_takes_long_ones_of_every_topic():
    """Of each topic the longest is likely, and not sure."""
    rows = many(math_a=600, code_b=600).with_columns(topic="domain", pass_rate=pl.lit(0.0))
    wanted = Select.model_validate({"way": "s1", "rows": 100})
    taken = select(rows, wanted, 3).rows.filter(fate="chosen")
    assert taken["domain"].value_counts().sort("domain").rows() == [("code", 50), ("math", 50)]
    places = set(taken["completion_tokens"] % 600)  # 599: the longest of its domain
    assert min(places) > 500
    assert places != set(range(550, 600))
    assert wanted.difficulty
    assert wanted.topics
    assert (wanted.difficulty.of, wanted.difficulty.max, wanted.topics.count) == ("student", 0, 50)


def test_limo_takes_the_best_chains_of_hard_prompts():
    rows = many(math_a=100).with_columns(pass_rate=pl.col("completion_tokens") / 100)
    found = select(rows, Select.model_validate({"way": "limo", "rows": 4}), 0)
    assert found.rows.filter(fate="chosen")["completion_tokens"].to_list() == [7, 8, 9, 10]
    assert left_out(found) == {"difficulty": 92, "rows": 4}


@pytest.mark.parametrize("way", WAYS)
def test_a_ready_name_is_the_keys_that_it_stands_for_and_gives_way_to_what_is_written(way: Any):
    ready = Select.model_validate({"way": way})
    spelt_out = Select.model_validate(WAYS[way])
    assert ready.model_copy(update={"way": None}) == spelt_out
    other = Select.model_validate({"way": way, "rows": 17, "difficulty": None})
    assert (other.rows, other.difficulty, other.prefer) == (17, None, spelt_out.prefer)
    assert Select.model_validate(other.model_dump()) == other  # as a run notes it


def test_limos_score_is_of_length_and_words_by_length_within_a_language():
    rows = table(
        {"chain_chars": 100, "chain_verifies": 0, "chain_explores": 0, "chain_connects": 0},
        {"chain_chars": 1000, "chain_verifies": 10, "chain_explores": 9, "chain_connects": 8},
        {"chain_chars": 1000, "chain_verifies": 0, "chain_explores": 0, "chain_connects": 0},
        {"chain_chars": 9, "chain_verifies": 9, "dropped_by": "length"},
        {"chain_chars": 5, "chain_verifies": 0, "chain_explores": 0, "chain_connects": 0},
    ).with_columns(language=pl.Series(["en", "en", "en", "en", "zh"]))
    scores = rows.select(score=score())["score"]
    assert scores[1] > scores[2] > scores[0]
    assert scores[3] is None
    assert scores[4] == pytest.approx(0.5)  # alone in its language: in the middle


# --- order --------------------------------------------------------------------------------------


def test_rows_stand_in_the_order_that_the_recipe_says():
    rows = table(
        {"completion_tokens": 30, "pass_rate": 0.5, "thinks": True},
        {"completion_tokens": 10, "pass_rate": 0.1, "thinks": True},
        {"completion_tokens": 20, "pass_rate": None, "thinks": False},
        {"completion_tokens": 40, "pass_rate": 1.0, "thinks": True},
    ).reverse()

    def order(name: str, seed: int = 0) -> str:
        return "".join(id[-1] for id in in_order(rows, name, seed)["sample_id"])

    assert order("id") == "0123"
    assert order("length") == "1203"
    assert order("easy_to_hard") == "3012"
    assert len({order("shuffled", seed) for seed in range(9)}) > 3
    assert order("shuffled", 4) == order("shuffled", 4)
    with_none = {order("interleaved", seed).index("2") for seed in range(9)}
    assert with_none <= {1, 2}  # in the middle of three that think


def test_no_thinking_stands_evenly_between_thinking():
    rows = table(*({"thinks": n % 4 > 0} for n in range(400)))
    places = in_order(rows, "interleaved", 1)["thinks"].not_().arg_true()
    assert places.diff().drop_nulls().is_between(3, 5).all()


# --- what does not go together ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"difficulty": {"min": 0.5, "max": 0.1}}, "no pass rate is at least 0.5 and at most 0.1"),
        ({"prefer": "diverse"}, "name per_prompt"),
        ({"topics": {"by": "domain"}}, "name one of them"),
        ({"mix": [{"name": "a", "rows": 5}]}, "a: name the domains, or the sources"),
        ({"mix": [{"name": "a", "domains": ["math"]}]}, "a: name `rows` or `share`, one of them"),
        (
            {"mix": [{"name": n, "domains": ["math"], "rows": 5} for n in "ab"]},
            "mix: two parts have the domains math",
        ),
        (
            {"mix": [{"name": "a", "domains": ["math"], "share": 0.5}]},
            "the shares are 0.5 together, expected 1",
        ),
        (
            {"rows": 5, "mix": [{"name": "a", "domains": ["math"], "rows": 5}]},
            "rows is the sum of the mix's rows",
        ),
        (
            {
                "mix": [
                    {"name": "a", "domains": ["math"], "share": 1},
                    {"name": "b", "domains": ["code"], "rows": 9},
                ]
            },
            "all parts have `rows`, or all have `share`",
        ),
    ],
)
def test_numbers_that_cannot_all_hold_are_refused(wanted: dict[str, Any], words: str):
    with pytest.raises(ValueError, match=words):
        Select.model_validate(wanted)


@pytest.mark.parametrize("module", [ranking, room])
def test_the_examples_in_docstrings_are_true(module: ModuleType):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
