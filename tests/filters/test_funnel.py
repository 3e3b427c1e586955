"""All filters together: every reason is kept, the first filter gets the blame, the sums close."""

import subprocess
import sys

import polars as pl
import pytest
from pydantic import ValidationError

from filters import FILTERS, Filters, funnel, judge, measure
from filters.filter import SAMPLE, SetFilter

EVERYTHING = Filters.model_validate(
    {name: {} for name in FILTERS}
    | {"length": {"min_tokens": 1, "max_tokens": 100, "max_paragraph_chars": 200}}
)


def samples(*rows: dict) -> pl.DataFrame:
    """Samples that are good but for what a row says otherwise."""
    good = {
        "text": r"<think>One and two make three, of course.</think>\boxed{3}",
        "reasoning": "One and two make three, of course.",
        "response": r"\boxed{3}",
        "finish_reason": "stop",
        "completion_tokens": 20,
        "domain": "math",
        "language": "en",
        "verdict": "correct",
    }
    table = [{"sample_id": f"s{number}", **good, **row} for number, row in enumerate(rows)]
    return pl.DataFrame(table, schema=SAMPLE)


FAULTY = samples(
    {},
    {"verdict": "incorrect", "completion_tokens": 500},
    {"finish_reason": "length", "response": None, "verdict": "incorrect"},
    {"response": "```\n1\n```" + r"\boxed{3}"},
    {"verdict": None},
)


def test_all_reasons_are_kept_and_the_first_filter_is_named():
    judged = judge(measure(FAULTY, EVERYTHING), EVERYTHING)
    assert dict(judged.select("sample_id", "reasons").iter_rows()) == {
        "s0": [],
        "s1": ["incorrect", "too_long"],
        "s2": ["truncated", "unfinished_thinking", "no_final_answer", "incorrect"],
        "s3": ["code_block"],
        "s4": ["correctness_not_measured"],  # no verdict is no pass
    }
    assert judged["dropped_by"].to_list() == [
        None, "correctness", "truncation", "code_blocks", "correctness",
    ]  # fmt: skip


def test_the_funnel_closes():
    judged = judge(measure(FAULTY, EVERYTHING), EVERYTHING)
    rows = {row["filter"]: row for row in funnel(judged, EVERYTHING).iter_rows(named=True)}
    assert list(rows) == list(FILTERS)
    assert rows["truncation"] == {
        "filter": "truncation", "entering": 5, "dropped": 1, "left": 4, "not_judged": 0,
        "dropped_alone_total": 1,
    }  # fmt: skip
    assert rows["correctness"] == {
        "filter": "correctness", "entering": 4, "dropped": 2, "left": 2, "not_judged": 0,
        "dropped_alone_total": 3,
    }  # fmt: skip
    assert rows["length"]["dropped_alone_total"] == 1  # too, though correctness dropped it before
    left = 5
    for row in rows.values():
        assert (row["entering"], row["left"]) == (left, left - row["dropped"])
        left = row["left"]
    assert left == judged["dropped_by"].null_count() == 1


def test_a_new_threshold_needs_no_new_measures():
    measured = measure(FAULTY, EVERYTHING)
    lenient = Filters.model_validate({"length": {"max_tokens": 1000}})
    assert judge(measured, lenient)["reasons"].to_list() == [[]] * 5


def test_no_filters_drop_nothing():
    judged = judge(measure(FAULTY, Filters()), Filters())
    assert judged["reasons"].to_list() == [[]] * 5
    assert judged["dropped_by"].null_count() == 5
    assert funnel(judged, Filters()).height == 0


def test_no_samples():
    judged = judge(measure(samples(), EVERYTHING), EVERYTHING)
    assert judged.height == 0
    assert funnel(judged, EVERYTHING)["entering"].to_list() == [0] * len(FILTERS)


def test_nan_in_a_stored_measure_is_not_a_pass():
    measured = measure(FAULTY, EVERYTHING).with_columns(repeated_share=pl.lit(float("nan")))
    reasons = judge(measured, EVERYTHING)["reasons"].to_list()
    assert all("repetition_not_measured" in found for found in reasons)


def test_judging_before_measuring_says_what_is_missing():
    with pytest.raises(KeyError, match="filter length has no measures in this table: tokens"):
        judge(FAULTY, Filters.model_validate({"length": {}}))


def test_names_of_faults_are_unique():
    reasons = [fault for rules in EVERYTHING.active().values() for fault in rules.reasons()]
    assert len(reasons) == len(set(reasons))


def test_an_unknown_filter_is_refused():
    with pytest.raises(ValidationError, match="lenght"):
        Filters.model_validate({"lenght": {}})


def test_every_filter_of_the_table_has_a_field_of_its_class():
    assert list(Filters.model_fields) == [*FILTERS, "own", "classifiers"]
    for name, filter in FILTERS.items():
        of_sets = issubclass(filter, SetFilter)  # a set is compared once, for all domains
        wanted = filter | None if of_sets else filter | tuple[filter, ...] | None
        assert Filters.model_fields[name].annotation == wanted


def test_importing_filters_stays_light():
    heavy = ["sympy", "math_verify", "reasoning_gym", "eldc", "torch"]
    program = f"import filters, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
