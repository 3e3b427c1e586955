"""Each question is there once, whatever its source, and generators give as many as are wanted."""

import pytest
from sources import DATA, files, gym, questions, references, write

from factory.prompts.collect import collect, prompt_id


def test_an_id_is_that_of_the_question_alone():
    def of(text: str) -> str:
        return prompt_id([{"role": "user", "content": text}])

    assert of("café") == of(" cafe\u0301\n")  # one word, written in two ways
    assert of("a") != of("A")
    assert of("a") != prompt_id([{"role": "system", "content": "a"}])
    assert of("a") != prompt_id([{"role": "user", "content": "a"}, {"role": "user", "content": ""}])


def test_of_a_question_that_comes_again_the_first_is_kept(tmp_path):
    write(tmp_path / "one.jsonl", [{"q": "x", "a": "1"}, {"q": " x", "a": "1"}])
    write(tmp_path / "two.jsonl", [{"q": "x", "a": "9"}, {"q": "y", "a": "2"}])
    collected = collect([files("one.jsonl"), files("two.jsonl")], seed=1, base=tmp_path)
    assert questions(collected) == ["x", "y"]
    assert references(collected) == ["1", "2"]
    assert collected.set_aside.rows() == [
        ("one", "one.jsonl:2", "duplicate", "the question of one, one.jsonl:1"),
        (
            "two",
            "two.jsonl:1",
            "conflicting_reference",
            "the question of one, one.jsonl:1, which is kept, has another key",
        ),
    ]
    counts = ["source", "read", "prompts", "duplicates", "set_aside"]
    assert collected.sources.select(counts).rows() == [("one", 2, 1, 1, 0), ("two", 2, 1, 1, 0)]


R1 = r"Please reason step by step, and put your final answer within \boxed{}."


@pytest.mark.parametrize("behind", ["", "\n\nBe brief.", f"\n\n{R1}"])
def test_a_question_is_one_whatever_instruction_stands_behind_it(tmp_path, behind):
    """Two sources of the same 20 questions: 20 prompts, and none held out is also in train."""
    plain = [{"q": f"{n} + 1?", "a": str(n + 1)} for n in range(20)]
    write(tmp_path / "plain.jsonl", plain)
    again = [row | {"q": row["q"] + behind} for row in plain]
    write(tmp_path / "told.jsonl", [*again, {"q": "99 + 1?", "a": "100"}])
    first = files("plain.jsonl", held_out=5, instruction="Be brief.")
    collected = collect([first, files("told.jsonl")], seed=1, base=tmp_path)
    splits = collected.prompts["split"].value_counts(sort=True).rows()
    assert splits == [("train", 16), ("held_out", 5)]
    assert set(collected.set_aside["reason"]) == {"duplicate"}
    assert questions(collected)[0] == "0 + 1?\n\nBe brief."  # as the model is asked it
    assert collected.prompts["instruction"].to_list() == ["Be brief."] * 20 + [None]


def test_held_out_questions_depend_neither_on_order_nor_on_seed(tmp_path):
    rows = [{"q": f"{n} + 1?", "a": str(n + 1)} for n in range(40)]
    write(tmp_path / "up.jsonl", rows)
    write(tmp_path / "down.jsonl", rows[::-1])

    def held_out(path: str, seed: int) -> set[str]:
        prompts = collect([files(path, held_out=10)], seed, tmp_path).prompts
        return set(prompts.filter(split="held_out")["prompt_id"])

    assert held_out("up.jsonl", 1) == held_out("down.jsonl", 1)
    assert len(held_out("up.jsonl", 1)) == 10
    assert held_out("up.jsonl", 1) == held_out("up.jsonl", 2)


def test_a_limit_stops_reading_and_the_sums_close(tmp_path):
    rows = [{"q": "x", "a": "1"}, {"q": "x", "a": "1"}, {"q": ""}, {"q": "y", "a": "2"}, {"q": "z"}]
    write(tmp_path / "rows.jsonl", rows)
    collected = collect([files("rows.jsonl", rows=2)], seed=1, base=tmp_path)
    assert collected.sources.drop("source").rows() == [(4, 2, 2, 0, 1, 1)]


def test_a_generator_gives_as_many_different_questions_as_are_wanted():
    options = {"min_terms": 2, "max_terms": 3, "max_digits": 1}
    source = gym(options=options, rows=500, held_out=50)
    collected = collect([source], seed=17, base=DATA)
    assert collected.prompts["prompt_id"].n_unique() == 500
    assert collected.prompts["split"].value_counts().sort("split").rows() == [
        ("held_out", 50),
        ("train", 450),
    ]
    entry = references(collected)[0]["entry"]
    assert questions(collected)[0] == entry["question"]
    terms = entry["metadata"]["expression"].replace("+ ", "").replace("- ", "-").split()
    assert sum(map(int, terms)) == int(entry["answer"])
    assert collect([source], seed=17, base=DATA).prompts.equals(collected.prompts)


def test_neighbouring_seeds_give_other_questions():
    def drawn(seed: int) -> set[str]:
        return set(collect([gym(rows=100)], seed, DATA).prompts["prompt_id"])

    assert len(drawn(1) & drawn(2)) < 5  # the generator's own seeds count up from the first


def test_two_sources_of_one_generator_share_no_question():
    options = {"min_terms": 2, "max_terms": 2, "max_digits": 1}
    easy = gym(name="easy", options=options, rows=150)
    mixed = gym(name="mixed", options=options | {"max_terms": 3}, rows=300, held_out=100)
    collected = collect([easy, mixed], seed=3, base=DATA)
    assert collected.prompts["prompt_id"].n_unique() == 450
    assert set(collected.set_aside["reason"]) == {"duplicate"}  # and their answers agree
    assert collected.sources["duplicates"][1] > 0
