"""Code of a person's own in a recipe: found beside it, its changes seen, its draws judged again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from misbehaving import Misbehaving, answers, serving

from factory.cli import main
from factory.errors import RecipeError
from factory.line.finished import Done, fingerprint, make
from factory.line.table import named
from factory.recipe import Recipe
from factory.run_folder import RunFolder
from filters import own
from filters.verifiers import pool

VERIFY = "def verify(response, key):\n    return {!r} in response\n"
RECIPE: dict[str, Any] = {
    "name": "own",
    "prompts": [
        {"source": "files", "path": "asked.jsonl", "verifier": "mine:verify"}
        | {"columns": {"question": "q", "reference": "a"}}
    ],
    "sampling": {"policy": {"fixed": {"draws": 2}}, "concurrency": 4},
}
FRENCH = {"q": "Name a colour.", "a": "rouge"}, {"q": "Name another one.", "a": "bleu"}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "mine.py").write_text(VERIFY.format("rouge"))
    (tmp_path / "asked.jsonl").write_text("\n".join(map(json.dumps, FRENCH)))
    own.look_in(tmp_path)
    yield tmp_path
    own.look_in(None)


def recipe(url: str = "http://127.0.0.1:1/v1", **changes: Any) -> Recipe:
    teacher = {"teacher": {"base": {"endpoint": url, "model": "m", "outage": 0.5}}}
    return Recipe.model_validate(RECIPE | teacher | changes)


def do(plan: Recipe, home: Path, *stages: str) -> tuple[list[Done], list[str]]:
    """Stages in this process, as a new one would do them: their records and what was told."""
    pool.close()
    run, told, made = RunFolder(home / "run"), [], []
    run.note(plan, home)
    for name in stages:
        run.stage(name).mkdir(parents=True, exist_ok=True)
        run.claim(name).write_text("the same")
        made.append(make(named(name), plan, home, run, lambda *_, **__: None, told.append))
    return made, told


def verdicts(home: Path) -> set[str]:
    run = RunFolder(home / "run")
    return set(run.draws("samples").read(("verdict",))["verdict"])


LINE = ("prompts", "teacher-base", "teacher", "samples")


def test_changed_code_judges_the_stored_draws_again(home: Path):
    with serving(Misbehaving(answers("Je dis rouge."))) as url:
        plan = recipe(url)
        do(plan, home, *LINE)
        assert verdicts(home) == {"correct"}
        before = fingerprint(named("prompts"), plan, home, {})
        (home / "mine.py").write_text(VERIFY.format("bleu"))
        assert fingerprint(named("prompts"), plan, home, {}) != before
        _, told = do(plan, home, *LINE)
    assert verdicts(home) == {"incorrect"}
    assert "4 draws were judged again, and 4 verdicts turned" in " ".join(told)
    names = RunFolder(home / "run").prompts()["verifier"].unique()
    assert names.to_list() == [own.identity("mine:verify", home)]


def test_reverify_knows_it(home: Path):
    with serving(Misbehaving(answers("Je dis rouge."))) as url:
        do(recipe(url), home, *LINE)
    (home / "mine.py").write_text(VERIFY.format("bleu"))
    pool.close()
    result = CliRunner().invoke(main, ["reverify", str(home / "run")])
    assert result.exit_code == 0, result.output
    assert "correct" in result.output
    assert "incorrect: wrong_answer" in result.output


def test_one_that_breaks_costs_no_draw(home: Path):
    (home / "mine.py").write_text("def verify(response, key):\n    raise OSError('no idea')\n")
    with serving(Misbehaving(answers("Je dis rouge."))) as url:
        (*_, samples), _ = do(recipe(url), home, *LINE)
    assert verdicts(home) == {"unverifiable"}
    assert samples.note.startswith("4 draws, 0 correct")
    assert "4 unverifiable (crash: OSError 4)" in samples.note


def test_one_that_hangs_is_told_before_anything_is_drawn(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(own, "DEADLINE", 2.0)
    (home / "mine.py").write_text(
        "import time\n\ndef verify(response, key):\n    time.sleep(1000)\n"
    )
    rows = [{"q": f"Name colour {number}.", "a": "bleu"} for number in range(9)]
    (home / "asked.jsonl").write_text("\n".join(map(json.dumps, rows)))
    said = (
        r"asked: mine:verify took too long for 3 prompts in a row, at last .*asked.jsonl:3: .*2 sec"
    )
    with pytest.raises(RecipeError, match=said):
        do(recipe(), home, "prompts")


def test_an_empty_cell_is_no_key_where_a_column_is_named_for_it(home: Path):
    rows = [*FRENCH, {"q": "A third?", "a": ""}]
    (home / "asked.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (prompts,), _ = do(recipe(), home, "prompts")
    assert prompts.accounts[0].dropped == {"no_reference": 1}
    without = RECIPE["prompts"][0] | {"columns": {"question": "q"}}
    (prompts,), _ = do(recipe(prompts=[without]), home, "prompts")
    assert prompts.accounts[0].dropped == {}  # then it judges without one


def write(home: Path, rewards: str = "{}", verifier: str = "mine:verify") -> Path:
    text = f"""
name: own
prompts:
  - source: files
    path: asked.jsonl
    columns: {{question: q, reference: a}}
    verifier: {verifier}
teacher:
  base: {{path: some/model}}
  grpo: {{rewards: {rewards}}}
"""
    (home / "recipe.yaml").write_text(text)
    return home / "recipe.yaml"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"verifier": "mien:verify"},
            "recipe.yaml:7:15: prompts[0].verifier: there is no module mien (looked for ",
        ),
        ({"verifier": "mine:verfiy"}, "mine.py has no function verfiy; did you mean 'verify'?"),
        ({"verifier": "maths"}, "did you mean 'math'? Known: math, numeric"),
        ({"rewards": "{mine:brief: 1}"}, "mine.py has no function brief"),
        ({"rewards": "{lenght: 1}"}, "no reward is called 'lenght'; did you mean 'length'?"),
        ({"rewards": "{mine:verify: -1}"}, "found -1, expected at least 0"),
        ({"rewards": "{mine:verify: yes please}"}, "expected a number"),
        ({"verifier": "mine:later"}, "prompts[0].verifier: mine:later is an async function"),
        ({"rewards": "{mine:later: 1}"}, "teacher.grpo.rewards.mine:later: mine:later is an async"),
        ({"verifier": "broken:verify"}, "raised ModuleNotFoundError: No module named 'no_such"),
    ],
)
def test_check_refuses_what_is_not_there_or_cannot_be_called(
    home: Path, how: dict[str, str], said: str
):
    with (home / "mine.py").open("a") as more:
        more.write("async def later(response, key): ...\n")
    (home / "broken.py").write_text("import no_such_module\ndef verify(response, key): ...\n")
    pool.close()
    result = CliRunner().invoke(main, ["check", str(write(home, **how))])
    assert result.exit_code == 2
    assert said in result.stderr


def test_check_is_pleased_from_whatever_folder(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir("/")
    own.look_in(None)
    file = write(home, "{accuracy: 1, language: 0.1, mine:verify: 0.5}")
    result = CliRunner().invoke(main, ["check", str(file)])
    assert result.exit_code == 0, result.output


def test_the_run_says_it_too(home: Path):
    (home / "mine.py").write_text("import no_such_module\ndef verify(response, key): ...\n")
    with pytest.raises(RecipeError, match="verifier: mine:verify: importing its module"):
        do(recipe(), home, "prompts")


def test_check_keys_lists_what_fails_and_counts_the_rest(home: Path):
    rows = [*FRENCH, {"q": "Say rouge.", "a": "rouge"}, {"q": "Nothing?", "a": ""}]
    (home / "asked.jsonl").write_text("\n".join(map(json.dumps, rows)))
    file = write(home)
    result = CliRunner().invoke(main, ["check", str(file), "--keys"])
    assert result.exit_code == 0, result.output
    assert "asked: 2 prompts are good, 2 will be set aside" in result.stdout
    assert "  asked.jsonl:3: question: the question itself is judged right; the key is 'rouge'" in (
        result.stdout
    )
    assert "  asked.jsonl:4: key: a is empty" in result.stdout
    few = CliRunner().invoke(main, ["check", str(file), "--keys", "--show", "1"])
    assert "asked.jsonl:4" not in few.stdout
    assert "and 1 more" in few.stdout


def test_check_keys_tells_of_a_verifier_that_no_key_passes(home: Path):
    """Its arguments may be the wrong way round: then every draw would be wrong, and nobody told."""
    (home / "mine.py").write_text("def verify(key, response):\n    return '!' + response == key\n")
    pool.close()
    result = CliRunner().invoke(main, ["check", str(write(home)), "--keys"])
    assert "mine:verify judges none of 2 keys right, alone or in \\boxed{}: wrong_answer 4" in (
        result.stdout
    )
