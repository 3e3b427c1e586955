"""One funnel for R1's mix: each domain by its own rules, and what nobody judges is counted."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from runs import NO, RIGHT, WRONG, YES, made, run_of

from factory.audit.report import domains_table
from factory.recipe import Recipe
from factory.versions.card.made import domains
from filters import Filters, funnel, funnels, judge, measure
from filters.filter import SAMPLE
from filters.text.thinking import split

R1_MIX: dict[str, Any] = {
    "truncation": {},
    "format": [
        {"domains": ["math", "logic"]},
        {"domains": ["code", "writing", "self-cognition"], "final_answer": False},
        {"domains": ["chat"], "require_thinking": False, "final_answer": False},
    ],
    "correctness": {"domains": ["math", "code", "logic"]},
    "code_blocks": {"domains": ["math", "logic", "writing"]},
    "length": [{"domains": ["writing"], "max_tokens": 400}, {"max_tokens": 100}],
}
"""Reasoning with keys, reasoning without, and plain chat, after arXiv 2501.12948, 2.3.3."""

PROGRAM = "```python\nprint(42)\n```"
SAMPLES = [  # domain, text, verdict, tokens, reasons
    ("math", r"<think>6*7</think>\boxed{42}", "correct", 9, []),
    ("math", "<think>6*7</think>42", "correct", 9, ["no_final_answer"]),
    ("math", rf"<think>{PROGRAM}</think>\boxed{{42}}", "correct", 9, ["code_block"]),
    ("logic", r"<think>A lies.</think>\boxed{B}", "incorrect", 9, ["incorrect"]),
    ("code", f"<think>Print it.</think>{PROGRAM}", "correct", 9, []),  # a program has no box
    ("code", f"<think>Print it.</think>{PROGRAM}", "incorrect", 9, ["incorrect"]),
    ("code", PROGRAM, "correct", 9, ["no_thinking"]),
    ("writing", "<think>An ode.</think>O sea!", None, 300, []),  # nobody has a key to an ode
    ("writing", f"<think>An ode.</think>{PROGRAM}", None, 500, ["code_block", "too_long"]),
    ("self-cognition", "<think>Who am I?</think>A model.", None, 9, []),
    ("chat", "Hello!", None, 9, []),  # a general answer does not think
    ("chat", "Hello! " * 99, None, 300, ["too_long"]),
]


def samples() -> pl.DataFrame:
    rows = []
    for number, (domain, text, verdict, tokens, _) in enumerate(SAMPLES):
        thought = split(text)
        parts = {"text": text, "reasoning": thought.reasoning, "response": thought.response}
        facts = {"verdict": verdict, "completion_tokens": tokens, "finish_reason": "stop"}
        rows.append({"sample_id": f"s{number}", "domain": domain, **parts, **facts})
    return pl.DataFrame(rows, schema=SAMPLE)


def judged(**changes: Any) -> tuple[pl.DataFrame, Filters]:
    filters = Filters.model_validate(R1_MIX | changes)
    return judge(measure(samples(), filters), filters), filters


def test_each_domain_is_judged_by_its_own_rules():
    table, _ = judged()
    assert table["reasons"].to_list() == [row[-1] for row in SAMPLES]


def test_the_funnel_says_how_many_a_filter_does_not_judge():
    rows = {row["filter"]: row for row in funnel(*judged()).iter_rows(named=True)}
    assert rows["correctness"] == {
        "filter": "correctness", "entering": 10, "dropped": 2, "left": 8, "not_judged": 5,
        "dropped_alone_total": 2,
    }  # fmt: skip
    assert rows["length"]["not_judged"] == 0  # one of its entries is for all others


def test_the_funnel_of_each_domain_closes():
    table, filters = judged()
    by_domain = funnels(table, filters)
    for (domain,), steps in by_domain.group_by("domain"):
        entering = table.filter(domain=domain).height
        for step in steps.iter_rows(named=True):
            assert step["entering"] == entering == step["dropped"] + step["left"]
            entering = step["left"]
        assert entering == table.filter(pl.col("dropped_by").is_null(), domain=domain).height
    total = by_domain.group_by("filter", maintain_order=True).agg(pl.col("dropped").sum())
    assert total.rows() == funnel(table, filters).select("filter", "dropped").rows()


def test_the_dataset_s_card_has_a_line_a_domain():
    table, filters = judged()
    text = domains(funnels(table, filters))
    assert "| domain | draws | truncation | format | correctness |" in text
    assert "| chat | 2 | 0 | 0 | - | - | 1 | 1 |" in text  # nobody looks for its key or code


def test_a_sample_without_domain_is_judged_by_the_entry_for_all_others():
    nobody_s = samples().with_columns(domain=pl.lit(None, pl.String))
    filters = Filters.model_validate(
        {"correctness": R1_MIX["correctness"], "length": R1_MIX["length"]}
    )
    table = judge(measure(nobody_s, filters), filters)
    told = dict(table.select("sample_id", "reasons").iter_rows())
    assert told["s5"] == []  # incorrect, but correctness has entries for named domains alone
    assert told["s7"] == ["too_long"]
    assert funnel(table, filters)["not_judged"].to_list() == [12, 0]
    assert funnels(table, filters)["domain"].null_count() == 2


def test_domains_reach_no_measure():
    plain = Filters.model_validate({name: {} for name in R1_MIX})
    mixed = Filters.model_validate(R1_MIX)
    assert measure(samples(), plain).equals(measure(samples(), mixed))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([{"domains": ["math"]}, {"domains": ["math", "code"]}], "same samples: math. Each dom"),
        ([{}, {"domains": ["math"]}, {}], "same samples: entries without domains"),
        ([], "the list is empty: write an entry, or leave the filter out"),
        ({"domains": []}, "at least 1 item"),
    ],
)
def test_every_sample_has_one_entry_at_most(entries: Any, words: str):
    with pytest.raises(ValidationError, match=words):
        Filters.model_validate({"format": entries})


def test_a_domain_that_no_prompts_have_is_a_mistake():
    source = {"source": "files", "path": "a.jsonl", "rows": 9, "columns": "openai/gsm8k"}
    prompts = [source | {"domain": domain, "name": domain} for domain in ("math", "code", "logic")]
    plan = {"name": "mix", "prompts": prompts, "teacher": {"base": {"tiny": "qwen2", "rows": 100}}}
    with pytest.raises(ValidationError, match=r"filters.format names domains .* have: chat, self-"):
        Recipe.model_validate(plan | {"filters": R1_MIX})
    more = [source | {"domain": domain, "name": domain} for domain in ("writing", "chat")]
    asked = [*prompts, *more, source | {"domain": "self-cognition", "name": "self"}]
    assert Recipe.model_validate(plan | {"prompts": asked, "filters": R1_MIX}).filters.format


def test_a_dataset_of_two_domains_is_made_and_told_by_domain(tmp_path: Path):
    draws = {
        "ode": [("<think>The sea.</think> O sea!", ("unverifiable", "bad_reference"))],
        "sum": [(RIGHT, YES)],
        "sums": [(WRONG, NO)],
    }
    prompts = [
        {
            "source": "reasoning_gym",
            "task": "chain_sum",
            "rows": 9,
            "domain": domain,
            "name": domain,
        }
        for domain in ("math", "writing")
    ]
    rules = {
        "format": [{"domains": ["math"]}, {"domains": ["writing"], "final_answer": False}],
        "correctness": {"domains": ["math"]},
    }
    context = run_of(tmp_path, draws, prompts=prompts, filters=rules)
    of = pl.col("prompt_id").replace_strict({"ode": "writing"}, default="math")
    table = pl.read_parquet(context.run.prompt_table).with_columns(domain=of)
    table.write_parquet(context.run.prompt_table)
    made(context)
    assert sorted(context.run.rows()["domain"]) == ["math", "writing"]
    manifest = context.run.manifest()
    assert manifest
    told = [
        (step["domain"], step["filter"], step["entering"], step["dropped"], step["not_judged"])
        for step in manifest.by_domain
    ]
    assert told == [
        ("math", "format", 2, 0, 0), ("math", "correctness", 2, 1, 0),
        ("writing", "format", 1, 0, 0), ("writing", "correctness", 1, 0, 1),
    ]  # fmt: skip
    shown = domains_table(context.run)
    assert shown
    assert [list(column.cells) for column in shown.columns] == [
        ["math", "writing"], ["2", "1"], ["0", "0"], ["1", "-"], ["1", "1"],
    ]  # fmt: skip


def test_the_table_of_a_judged_set_needs_its_domains():
    filters = Filters.model_validate({"length": {"domains": ["math"]}})
    with pytest.raises(KeyError, match="filter length goes by domain, which the table lacks"):
        judge(measure(samples(), filters).drop("domain"), filters)
