"""`factory why`: a sample's story, from its prompt to its tokens, in a run and in a version."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from hostile_texts import WRITABLE, raw
from runs import CRASH, NO, RIGHT, WRONG, YES, again, apply, made, run_of

from factory.cli import main
from factory.run_folder import RunFolder
from factory.store import write_table

LOOPING = "<think>So 6?" + " Wait, let me check that." * 12 + r"</think> \boxed{6}"
FILTERS = {
    "correctness": {},
    "length": {"max_tokens": 50, "max_paragraph_chars": 200},
    "repetition": {},
    "language": {},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    draws = {
        "a": [(LOOPING, NO), (RIGHT, YES), (RIGHT, YES)],
        "b": [(WRONG, CRASH)],
    }
    context = run_of(folder, draws, filters=FILTERS)
    made(context)
    round_ = again(context)
    apply(folder, round_.folder.name)
    made(context)
    return folder


def ids(run: Path) -> dict[str, str]:
    """Prompt and draw -> id."""
    rows = RunFolder(run).draws().read(("sample_id", "prompt_id", "draw"))
    return {f"{prompt}{draw}": id for id, prompt, draw in rows.iter_rows()}


def why(*arguments: str | Path, **environment: str) -> Result:
    told = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, ["why", *told], env=environment)


def told(*arguments: str | Path) -> str:
    result = why(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_first_line_says_it_all(run: Path):
    id = ids(run)["a0"]
    first = told(id, run).splitlines()[0]
    assert first == (
        f"sample {id[:12]}, draw 0 of prompt a (sums), teacher t: incorrect (found 6), dropped for "
        "4 reasons"
    )


def test_what_a_reason_goes_by_is_told_with_its_threshold(run: Path):
    said = told(ids(run)["a0"], run)
    assert re.search(r"long_paragraph +faulty +longest_paragraph 305, at most 200 wanted", said)
    assert re.search(r"too_long +well +tokens 10, at most 50 wanted", said)
    assert re.search(r"mixed_language +well +language_letters \d+ \(counts where >= 20\)", said)
    assert "all reasons: incorrect, long_paragraph, repetitive" in said


def test_what_is_not_measured_is_never_well(run: Path):
    """Six letters are too few to be of a language."""
    said = told(ids(run)["a1"], run)
    assert re.search(r"mixed_language +not measured +language_letters 0", said)


def test_texts_stand_last_with_their_passages_marked(run: Path):
    said = told(ids(run)["a0"], run)
    reply = said.partition("\nreply\n")[2]
    assert reply.startswith("<think>⟦1 So 6?⟦2  Wait, let me check that. ⟦3 Wait")
    assert "⟦4 \\boxed{6}⟧" in reply
    assert re.search(r"⟦1⟧ +long_paragraph: a paragraph of 305 characters", reply)
    assert re.search(r"⟦4⟧ +incorrect: the answer, the key is 5", reply)


def test_of_a_spare_draw_it_says_which_was_chosen(run: Path):
    samples = ids(run)
    fates = {name: json.loads(told(samples[name], run, "--json"))["fate"] for name in ("a1", "a2")}
    (spare,) = (name for name, fate in fates.items() if fate["fate"] == "spare")
    (chosen,) = (name for name, fate in fates.items() if fate["fate"] == "chosen")
    assert fates[spare]["spare_by"] == "per_prompt"
    assert fates[spare]["instead"] == [samples[chosen]]
    assert f"left out by per_prompt; chosen were {samples[chosen]}" in told(samples[spare], run)


def test_later_verdicts_are_told_beside_the_first(run: Path):
    story = json.loads(told(ids(run)["b0"], run, "--json"))
    first, later = story["verdicts"]
    assert (first["verdict"], first["reason"], first["counts"]) == (
        "unverifiable", "crash: ValueError", False,
    )  # fmt: skip
    assert (later["verdict"], later["reason"], later["counts"]) == (
        "incorrect",
        "wrong_answer",
        True,
    )
    assert "counts no more" in told(ids(run)["b0"], run)


def test_versions_are_told_and_what_was_in_them(run: Path):
    story = json.loads(told(ids(run)["a1"], run, "--json"))
    assert [(one["version"], one["current"]) for one in story["versions"]] == [
        ("v1", False), ("v2", True),
    ]  # fmt: skip
    assert {one["fate"] for one in story["versions"]} <= {"chosen", "spare"}


def test_what_a_student_learned_of_it(run: Path, tmp_path: Path):
    folder, id = RunFolder(run), ids(run)["a1"]
    rows = {"sample_id": [id], "tokens": [12], "trained_tokens": [9], "fate": ["trained"]}
    folder.training_rows("student").parent.mkdir(exist_ok=True)
    write_table(pl.DataFrame(rows), folder.training_rows("student"))
    said = told(id, run)
    assert re.search(r"student +trained; 9 of 12 tokens are learned", said)
    assert re.search(r"control +not trained", said)


def test_a_version_tells_what_it_knows(run: Path):
    samples = ids(run)
    said = told(samples["a0"], f"{run}@2")
    assert "dropped for 4 reasons" in said
    assert "not known: a version has the texts of its rows alone" in said
    assert "\nreply\n" not in said


def test_a_beginning_is_enough(run: Path):
    id = ids(run)["a0"]
    others = [other for other in ids(run).values() if other != id]
    short = next(id[:n] for n in range(1, 33) if not any(o.startswith(id[:n]) for o in others))
    assert told(short, run) == told(id, run)


def test_several_that_begin_so_are_listed(run: Path):
    result = why("", run)
    assert result.exit_code == 1
    assert "4 samples of" in result.output
    assert f"{ids(run)['b0']}  draw 0, incorrect, dropped" in result.output


def test_a_prompt_is_no_sample(run: Path):
    folder = RunFolder(run)
    assert folder.prompts().height == 2
    result = why("b", run) if not any(i.startswith("b") for i in ids(run).values()) else None
    if result:
        assert "this is a prompt of" in result.output


def test_what_is_not_there_is_said(run: Path):
    result = why("zzz", run)
    assert result.exit_code == 1
    assert "zzz: no sample of" in result.output
    assert "of 4" in result.output


def test_json_has_texts_and_places(run: Path):
    story = json.loads(told(ids(run)["a0"], run, "--json"))
    assert story["texts"]["text"] == LOOPING
    assert story["prompt"]["key"] == "5"
    assert story["draw"]["sampling"]["temperature"] == 0.6
    place = next(one for one in story["passages"] if one["reason"] == "incorrect")
    assert story["texts"]["text"][place["start"] : place["end"]] == r"\boxed{6}"


def test_colours_are_for_terminals(run: Path):
    id = ids(run)["a0"]
    assert "\x1b[" not in why(id, run).output
    coloured = why(id, run, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="").output
    assert "\x1b[1;31mfaulty" in coloured


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_hostile_reaches_the_terminal(tmp_path: Path):
    """Texts, answers and keys of all kinds; what came is told in escapes, and nothing breaks."""
    draws = {
        name: [(f"<think>{text}</think> \\boxed{{{text}}}", NO)] for name, text in WRITABLE.items()
    }
    draws["good"] = [(RIGHT, YES)]
    made(run_of(tmp_path / "run", draws, shard_rows=100, filters={"correctness": {}, "format": {}}))
    for name, id in ids(tmp_path / "run").items():
        result = why(id, tmp_path / "run")
        assert result.exit_code == 0, (name, result.output)
        assert not raw(result.output), name
        as_json = why(id, tmp_path / "run", "--json")
        assert not raw(as_json.output), name
        assert json.loads(as_json.output)["texts"]["text"] == draws[name[:-1]][0][0]


def test_a_long_text_is_cut_only_if_it_is_said(tmp_path: Path):
    long = f"<think>{'so ' * 20_000}</think> \\boxed{{6}}"
    made(
        run_of(
            tmp_path / "run", {"a": [(long, NO)], "b": [(RIGHT, YES)]}, filters={"correctness": {}}
        )
    )
    id = ids(tmp_path / "run")["a0"]
    said = told(id, tmp_path / "run")
    assert len(said) < 20_000
    assert re.search(r"\[48,\d\d\d characters are left out; --all shows them\]", said)
    assert "so " * 20_000 in told(id, tmp_path / "run", "--all")
