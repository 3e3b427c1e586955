"""Benchmarks' questions in other texts: each method finds its kind, phrases count for nothing."""

from pathlib import Path

import polars as pl
import pytest

from filters.contamination import Contamination
from filters.text import leaks
from filters.text.overlap import Passages
from filters.text.words import by_whitespace, words

QUESTION = (
    "Marta sells 12 baskets of cherries at the market on Saturday, and twice as many on Sunday. "
    "Each basket costs 7 euros. How much money does she earn on both days together?"
)
FORMULAS = (
    r"Let $f(x) = \sqrt{x^2 + 17x - 4}$ and $g(x) = \log_3(5x+8)$. Find all $x$ such that "
    r"$f(g(x)) \geq 29$."
)
CHINESE = (
    r"设 $f(x) = \sqrt{x^2 + 17x - 4}$, $g(x) = \log_3(5x+8)$. 求所有满足 $f(g(x)) \geq 29$ 的 $x$."
)
ASKERS = ("anyone", "somebody", "a friend", "my brother", "the teacher", "a pupil", "an owl")
FILL = [f"Question {n} is about nothing that {who} would ask." for n, who in enumerate(ASKERS)]


def items(*questions: str, key: str | None = None, solution: str | None = None) -> pl.DataFrame:
    names = ("benchmark", "place", "question", "key", "solution")
    rows = [("sums", str(n), text, key, solution) for n, text in enumerate(questions)]
    return pl.DataFrame(rows, dict.fromkeys(names, pl.String()), orient="row")


def facts(prompt: str, of: pl.DataFrame, key: str | None = None) -> dict[str, object]:
    """The measures of a prompt among others."""
    texts = [prompt, *FILL]
    prompts = pl.DataFrame({"text": texts, "key": [key] + [None] * len(FILL)}, leaks.PROMPT)
    hits = leaks.in_prompts(prompts, of).hits
    return Contamination.facts(leaks.measures(hits, prompts, of)).row(0, named=True)


def reasons(prompt: str, of: pl.DataFrame, key: str | None = None) -> list[str]:
    row = pl.DataFrame([facts(prompt, of, key)], Contamination.columns)
    return row.select(Contamination().faults()).to_series()[0].to_list()


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (QUESTION.upper(), "benchmark_question"),
        (f"Solve this. {QUESTION} Think first.", "benchmark_passage"),
        (
            QUESTION.replace("12", "90").replace("7", "31").replace("Marta", "Li"),
            "benchmark_changed",
        ),
        ("Name a fruit that is sold at the market.", None),
        ("How much money does she earn on both days together?", None),  # nine words of thirty
    ],
)
def test_each_kind_of_copy_has_its_reason(prompt: str, expected: str | None):
    found = reasons(prompt, items(QUESTION))
    assert (expected in found) if expected else found == []


def test_what_is_rephrased_is_found_more_surely_with_the_same_key():
    again = (
        "On Saturday Marta sold 12 baskets of cherries; on Sunday she sold double that. At 7 euros "
        "a basket, how many euros did the market bring her in both days?"
    )
    found = facts(again, items(QUESTION, key="252"), key="252")
    assert found["contamination_words"] == 0
    assert found["contamination_alike_same_key"] == found["contamination_alike"] != 0
    assert "benchmark_rephrased" in reasons(again, items(QUESTION, key="252"), key="252")
    other = facts(again, items(QUESTION, key="252"), key="251")
    assert other["contamination_alike_same_key"] == 0


def test_what_is_translated_is_found_by_its_formulas():
    assert "benchmark_translated" in reasons(CHINESE, items(FORMULAS))
    assert (
        reasons(CHINESE.replace("17", "3").replace("29", "0").replace("5x+8", "x"), items(FORMULAS))
        == []
    )


def test_a_way_of_asking_is_no_evidence():
    """What more than five questions of a benchmark share is the benchmark's template."""
    ask = "Work out the following sum step by step, and write the answer in a box: {} plus {}."
    template = [ask.format(n, n + 3) for n in range(9)]
    assert facts(ask.format(77, 99), items(*template))["contamination_words"] == 0
    assert facts(ask.format(77, 99), items(template[0]))["contamination_words"] == 15


def test_what_many_prompts_share_is_a_phrase_and_told():
    ask = "Find the greatest of all the numbers that end with {}, and explain each step you take."
    prompts = pl.DataFrame({"text": [ask.format(n) for n in range(50)]}).with_columns(key=None)
    found = leaks.in_prompts(prompts.cast(pl.String), items(ask.format("a nine in June")))
    assert found.hits.filter(method="words").is_empty()
    assert found.phrases["phrase"][0] == "Find the greatest of all the numbers that"
    assert set(found.phrases["texts"]) == {50}


def test_the_same_hits_as_a_lookup_of_all_runs_of_eight_words():
    texts = [QUESTION, FORMULAS, QUESTION[40:120], "  ".join(QUESTION.lower().split()[3:11]), *FILL]
    of = [QUESTION, FILL[3] + " And more."]
    runs = {
        " ".join(w[at : at + 8])
        for t in of
        for w in [t.lower().split()]
        for at in range(len(w) - 7)
    }
    plain = [any(run in " ".join(text.lower().split()) for run in runs) for text in texts]
    known = Passages(words(pl.Series(of), by_whitespace()))
    assert known.count(words(pl.Series(texts), by_whitespace())).tolist() == plain


def test_the_passage_is_what_both_have():
    prompt = f"My neighbour says: {QUESTION[20:130]} Is that so?"
    given = pl.DataFrame({"text": [prompt], "key": [None]}, leaks.PROMPT)
    hit = leaks.in_prompts(given, items(QUESTION)).hits.filter(method="words").row(0, named=True)
    assert prompt.encode()[hit["start"] : hit["end"]].decode() in QUESTION
    assert hit["value"] == 20  # the words that were cut in two aside


def test_draws_are_searched_for_questions_and_solutions():
    of = items(
        QUESTION, solution="Twelve and twice twelve are 36 baskets, and 36 times 7 is 252 euros."
    )
    draws = pl.Series(["I know: " + of["solution"][0], "So " + QUESTION, "Nothing of it.", None])
    found = leaks.in_draws(draws, leaks.of_items(of), of)
    assert found.select("text", "item").rows() == [(0, 0), (1, 0)]


@pytest.mark.parametrize("text", ["", None, "\u200b", "?", "👩‍👩‍👧" * 9, "a b c d e f g h i j"])
def test_texts_that_are_hardly_any_are_like_nothing(text: str | None):
    assert reasons(text, items(QUESTION, FORMULAS)) == []  # pyrefly: ignore


REAL = Path(__file__).parents[4] / "shared" / "data" / "real"


@pytest.mark.skipif(not (REAL / "olymmath").is_dir(), reason=f"OlymMATH ({REAL})")
def test_real_problems_in_chinese_are_found_by_their_english():
    def problems(language: str) -> list[str]:
        file = REAL / "olymmath" / f"OlymMATH-{language}-HARD.jsonl"
        return pl.read_ndjson(file, schema={"problem": pl.String})["problem"].to_list()

    prompts = pl.DataFrame({"text": problems("ZH")}).with_columns(key=None).cast(pl.String)
    of = items(*problems("EN"))
    found = Contamination.facts(leaks.measures(leaks.in_prompts(prompts, of).hits, prompts, of))
    assert (found["contamination_formulas"] >= 0.6).mean() > 0.7  # pyrefly: ignore
