"""`verifier: majority`: no key, and right is what most draws of a prompt agree on."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from misbehaving import Misbehaving, answers, serving
from pydantic import ValidationError

from factory.line.finished import Done, make
from factory.line.table import named
from factory.recipe import Recipe
from factory.run_folder import RunFolder

SAID = {
    "clear": [r"\boxed{0.5}", r"\boxed{\frac{1}{2}}", r"\boxed{2}", "No idea."],
    "torn": [r"\boxed{1}", r"\boxed{1}", r"\boxed{2}", r"\boxed{2}"],
    "lost": [r"\boxed{1}", r"\boxed{2}", r"\boxed{3}", r"\boxed{1}"],
    "mute": ["No idea."] * 4,
}
"""What the teacher says to each question, draw by draw."""
RECIPE: dict[str, Any] = {
    "name": "votes",
    "prompts": [
        {"source": "files", "path": "asked.jsonl", "columns": {"question": "q"}}
        | {"verifier": "majority", "majority": {"min_share": 0.5, "min_draws": 3}}
    ],
    "sampling": {"policy": {"fixed": {"draws": 4}}, "concurrency": 1},
    "filters": {"correctness": {}},
}


class Says(Misbehaving):
    """Says what is written down, one after the other."""

    def __init__(self, said: dict[str, list[str]]):
        super().__init__(self.next)
        self.said: dict[str, Iterator[str]] = {name: iter(texts) for name, texts in said.items()}

    async def next(self, server: Misbehaving, asked: Any) -> Any:
        name = re.findall("clear|torn|lost|mute", str(await asked.json()))[-1]
        return await answers(next(self.said[name]))(server, asked)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    rows = [json.dumps({"q": f"The {name} one?"}) for name in SAID]
    (tmp_path / "asked.jsonl").write_text("\n".join(rows))
    return tmp_path


LINE = ("prompts", "teacher-base", "teacher", "samples", "measures", "dataset")


def do(home: Path, said: dict[str, list[str]], *stages: str, **changes: Any) -> dict[str, Done]:
    """Stages in this process, with a teacher that says this."""
    run, made = RunFolder(home / "run"), {}
    with serving(Says(said)) as url:
        teacher = {"teacher": {"base": {"endpoint": url, "model": "m", "outage": 0.5}}}
        plan = Recipe.model_validate(RECIPE | teacher | changes)
        run.note(plan, home)
        for name in stages:
            run.stage(name).mkdir(parents=True, exist_ok=True)
            run.claim(name).write_text("the same")
            quiet: Any = lambda *_, **__: None  # noqa: E731
            made[name] = make(named(name), plan, home, run, quiet, quiet)
    return made


def verdicts(home: Path) -> dict[str, list[tuple[str, str | None]]]:
    """By question, what is said of its draws."""
    run = RunFolder(home / "run")
    told = ("prompt_id", "draw", "verdict", "verdict_reason")
    draws = run.draws("samples").read(told).sort("draw")
    names = {
        id: re.findall("clear|torn|lost|mute", turns[0]["content"])[0]
        for id, turns in run.prompts().select("prompt_id", "messages").iter_rows()
    }
    found: dict[str, list[tuple[str, str | None]]] = {}
    for id, _, verdict, reason in draws.iter_rows():
        found.setdefault(names[id], []).append((verdict, reason))
    return found


def test_draws_are_judged_by_the_majority_once_all_are_there(home: Path):
    done = do(home, SAID, *LINE)
    of_four = "not_majority: 2 of 4 say 0.5"
    assert verdicts(home) == {
        "clear": [
            ("correct", "majority: 2 of 4"),
            ("correct", "majority: 2 of 4"),
            ("incorrect", of_four),
            ("incorrect", "no_answer"),
        ],
        "torn": [("unverifiable", "no_majority: tie, 0.50 of 4 draws")] * 4,
        "lost": [
            ("correct", "majority: 2 of 4"),
            ("incorrect", "not_majority: 2 of 4 say 1"),
            ("incorrect", "not_majority: 2 of 4 say 1"),
            ("correct", "majority: 2 of 4"),
        ],
        "mute": [("unverifiable", "no_majority: no_answers, 0.00 of 4 draws")] * 4,
    }
    assert done["samples"].note.startswith("16 draws, 4 correct")
    run = RunFolder(home / "run")
    rates = pl.read_parquet(run.prompt_fates)["pass_rate"].sort().to_list()
    assert rates == [0.0, 0.0, 0.5, 0.5]
    rows = run.rows(["verifier", "reference", "answer"])
    assert rows["verifier"].unique().to_list() == [
        "majority"
    ]  # so a row says where its key is from
    assert set(rows["answer"]) <= {"0.5", r"\frac{1}{2}", "1"}


def test_the_same_draws_vote_once_and_more_of_them_again(home: Path):
    first = do(home, SAID, *LINE)
    again = do(home, {}, *LINE)  # nothing is asked
    assert again["samples"].output == first["samples"].output
    folder = RunFolder(home / "run").rounds("samples")
    assert len(json.loads((folder / "applied.json").read_text())) == 1
    more = {name: [r"\boxed{2}"] * 2 for name in SAID}
    do(home, more, *LINE, sampling={"policy": {"fixed": {"draws": 6}}, "concurrency": 1})
    now = verdicts(home)
    assert [verdict for verdict, _ in now["torn"]] == ["incorrect"] * 2 + ["correct"] * 4
    assert now["clear"][0] == ("incorrect", "not_majority: 3 of 6 say 2")


def test_too_few_draws_have_no_majority_and_another_share_is_another_vote(home: Path):
    source = RECIPE["prompts"][0] | {"majority": {"min_draws": 5}}
    do(home, SAID, *LINE[:4], prompts=[source])
    few = ("unverifiable", "no_majority: 4 draws, at least 5 are asked")
    assert {verdict for each in verdicts(home).values() for verdict in each} == {few}
    source = RECIPE["prompts"][0] | {"majority": {"min_share": 0.6, "min_draws": 2}}
    do(home, {}, *LINE[:4], prompts=[source])
    small = ("unverifiable", "no_majority: small_share, 0.50 of 4 draws")
    assert verdicts(home)["clear"] == [small] * 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sampling": {}}, "sampling.policy must be fixed, as in `fixed: {draws: 8}`"),
        (
            {"sampling": {"policy": {"fixed": {}}, "target": {"accepted": 5}}},
            "sampling.target counts right draws as they come",
        ),
        ({"teacher": {"base": {"path": "x"}, "grpo": {}}}, "teacher.grpo rewards right draws"),
        ({"held_out": 2}, "held_out: nobody could say which answers to them are right"),
        ({"columns": {"question": "q", "reference": "a"}}, "columns.reference is not needed"),
        ({"verifier": "math"}, "prompts[0].majority: its verifier is not majority"),
        ({"majority": {"of": "code"}}, "Input should be 'math', 'numeric', 'choice' or 'exact'"),
    ],
)
def test_where_no_vote_can_be_held(changes: dict[str, Any], said: str):
    source = {"held_out", "columns", "verifier", "majority"} & changes.keys()
    own = RECIPE["prompts"][0] | {key: changes[key] for key in source}
    rest = {key: value for key, value in changes.items() if key not in source}
    teacher = {"teacher": {"base": {"path": "x"}}}
    with pytest.raises(ValidationError, match=re.escape(said)):
        Recipe.model_validate(RECIPE | teacher | {"prompts": [own]} | rest)
