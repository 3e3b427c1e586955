"""A recipe's judge at work: asked as draws come, after rules or alone, and never twice.

Teacher and judge are two models of one scripted server on loopback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import polars as pl
import pytest
from judging import CASE, Both, Opinion, asked, judging, knows_names
from misbehaving import serving
from real import snapshot
from sampled import fixed, until

from factory.engines import Completion, Request, Scripted
from factory.errors import EngineFailure, RecipeError, StageError
from factory.models import Located, elsewhere, find
from factory.recipe.judge import Judge
from factory.recipe.models import Served, Weights
from factory.recipe.sampling import Policy, Sampling
from factory.sampler import draws
from factory.sampler.draws import Drawn
from factory.sampler.judge_notes import Notes
from factory.sampler.judging import Bench, Judging, waiting
from factory.sampler.teacher import Teacher
from factory.store import Store
from factory.store.draws import Draws

FAUST = "Who wrote Faust?"
KEYS = {FAUST: "Goethe"}


def many() -> dict[str, str]:
    return {f"Who is number {n}?": "Goethe" for n in range(30)}


def box(text: str) -> str:
    return rf"\boxed{{{text}}}"


def both_ways(first: str, second: str) -> list[tuple[str, str]]:
    return [(first, second), (second, first)]


class Sittings:
    """A folder of draws that is sampled as often as is wanted, by the models of one server."""

    def __init__(self, folder: Path, both: Both, url: str):
        self.folder, self.both, self.url = folder, both, url
        self.said: list[str] = []

    def draw(
        self,
        prompts: pl.DataFrame,
        policy: Policy,
        judge: dict[str, Any] | None = None,
        **told: Any,
    ) -> Drawn:
        self.said.clear()
        model = Served(endpoint=self.url, model="teacher", deadline=5, outage=1)
        found = None if judge is None else judging(self.url, **judge)
        return draws.draw(
            [Teacher(elsewhere(model), model)],
            prompts,
            Sampling.model_validate({"policy": policy, "max_tokens": 64, "concurrency": 4} | told),
            seed=1,
            home=self.folder,
            kept=Store(self.folder / "draws", rounds=self.folder / "verdicts"),
            report=lambda *_, **__: None,
            say=self.said.append,
            judging=found,
            judged=self.folder / "judged" if found else None,
        )

    def verdicts(self) -> list[tuple[str, str | None]]:
        """Verdict and reason of each draw as they count now, in order of prompt and number."""
        rows = Draws(self.folder / "draws", self.folder / "verdicts").read()
        told = rows.sort("prompt_id", "draw").select("verdict", "verdict_reason")
        return list(told.iter_rows())


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Callable[..., Sittings]]:
    """Makes sittings with a server that gives these answers; it ends with the test."""
    with contextlib.ExitStack() as stack:

        def make(answers: dict[str, Sequence[str]], opinion: Opinion = knows_names) -> Sittings:
            both = Both(answers, opinion)
            return Sittings(tmp_path, both, stack.enter_context(serving(both)))

        yield make


Sit = Callable[..., Sittings]


def test_it_rescues_what_rules_reject_before_the_next_draw(sit: Sit):
    sittings = sit({FAUST: [box("Schiller"), box("Wolfgang"), box("Goethe")]})
    drawn = sittings.draw(asked(KEYS), until(1, 3), {})
    assert sittings.verdicts() == [
        ("incorrect", "judged_different: judge, 1 of 1 vote, after wrong_answer"),
        ("correct", "judge_rescued: judge, after wrong_answer"),
    ]
    assert drawn.prompts["correct"].to_list() == [1]
    orders = [(a, b) for name in ("Schiller", "Wolfgang") for a, b in both_ways("Goethe", name)]
    assert sittings.both.about(FAUST) == orders
    assert drawn.judged == "2 answers in 4 questions, 32 tokens"


def test_alone_it_judges_open_answers_and_the_key_s_own_words_need_no_model(sit: Sit):
    said = ["It is goethe .", "The city of Canberra", "goethe", "Wolfgang", "", "<think>Goethe"]
    sittings = sit({FAUST: said})
    sittings.draw(asked(KEYS, "judge"), fixed(6), {}, concurrency=1)
    counted = Counter(sittings.verdicts())
    assert counted == {
        ("incorrect", "judged_different: judge, 1 of 1 vote"): 2,
        ("correct", None): 1,
        ("correct", "judge: judge"): 1,
        ("incorrect", "no_answer"): 1,
        ("incorrect", "unfinished"): 1,
    }


@pytest.mark.parametrize("answer", ["Who knows?", "<think>It is Wolfgang"])
def test_it_is_not_asked_where_there_is_no_answer(sit: Sit, answer: str):
    sittings = sit({FAUST: [answer]})
    drawn = sittings.draw(asked(KEYS), fixed(2), {})
    assert (sittings.both.asked, drawn.judged) == ([], "")
    assert {outcome for outcome, _ in sittings.verdicts()} == {"incorrect"}


def test_the_thinking_and_the_source_s_instruction_are_not_shown(sit: Sit):
    put = f"{FAUST}\n\nBe brief."
    prompts = asked({put: "Goethe"}).with_columns(instruction=pl.lit("Be brief."))
    sittings = sit({put: [f"<think>SECRET</think>{box('Wolfgang')}"]})
    sittings.draw(prompts, fixed(1), {})
    assert sittings.both.about(FAUST) == both_ways("Goethe", "Wolfgang")


def test_the_same_answer_is_asked_about_once(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang")]})
    drawn = sittings.draw(asked(KEYS), fixed(6), {})
    assert [outcome for outcome, _ in sittings.verdicts()] == ["correct"] * 6
    assert len(sittings.both.asked) == 2
    assert drawn.judged.startswith("1 answer in 2 questions")


def test_who_cannot_be_asked_calls_nothing_wrong_and_is_asked_again(sit: Sit):
    def ill(question: str, first: str, second: str) -> str:
        if "Wolfgang" in first + second:
            raise OSError("out of order")
        return knows_names(question, first, second)

    sittings = sit({FAUST: [box("Schiller"), box("Wolfgang")]}, ill)
    drawn = sittings.draw(asked(KEYS), fixed(2), {})
    reason = "judge_failed: judge, 1 failed (http_400), after wrong_answer"
    assert sittings.verdicts()[1] == ("unverifiable", reason)
    assert (drawn.missing, len(drawn.unjudged)) == (1, 1)
    (lost,) = drawn.unjudged.values()
    assert (lost.prompt_id, lost.draw, lost.reason) == (FAUST, 1, "judge_failed")
    sittings.both.opinion, before = knows_names, len(sittings.both.asked)
    again = sittings.draw(asked(KEYS), fixed(2), {})
    assert sittings.verdicts()[1] == ("correct", "judge_rescued: judge, after wrong_answer")
    assert sittings.said == ["the judge was asked about 1 draws that had waited for it"]
    assert (again.missing, sittings.both.drawn[FAUST]) == (0, 2)  # no draw was made anew
    assert len(sittings.both.asked) - before == 2  # Schiller is known


def test_a_reply_without_a_verdict_leaves_the_answer_open(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang")]}, lambda *_: "PERHAPS")
    drawn = sittings.draw(asked(KEYS), until(1, 1), {})
    told = "judge_undecided: judge, 1 without a verdict, after wrong_answer"
    assert (sittings.verdicts(), drawn.missing) == ([("unverifiable", told)], 0)


def test_a_judge_that_fails_at_one_question_after_the_other_ends_the_stage(sit: Sit):
    def ill(*_: str) -> str:
        raise OSError("no money left")

    names = many()
    sittings = sit({question: [box("Wolfgang")] for question in names}, ill)
    with pytest.raises(StageError, match=r"the judge judge answered none of 20 questions; .*money"):
        sittings.draw(asked(names), fixed(1), {})
    kept = sittings.verdicts()
    assert len(kept) >= 20  # what was drawn is kept
    assert {(reason or "").split(":")[0] for _, reason in kept} == {"judge_failed"}
    sittings.both.opinion = knows_names
    drawn = sittings.draw(asked(names), fixed(1), {})
    assert (drawn.missing, {verdict for verdict, _ in sittings.verdicts()}) == (0, {"correct"})
    assert sum(sittings.both.drawn.values()) - len(names) <= 6  # those in flight


def test_a_judge_that_is_not_there_ends_the_stage(sit: Sit):
    names = many()
    sittings = sit({question: [box("Wolfgang")] for question in names})
    nowhere = {"endpoint": "http://127.0.0.1:9/v1", "model": "judge", "deadline": 0.2}
    with pytest.raises(StageError, match="answered none of 20 questions; at last connection: "):
        sittings.draw(asked(names), fixed(1), {"model": nowhere})


def test_another_judge_judges_again_and_the_first_one_is_not_asked_twice(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang"), box("Goethe")]})
    sittings.draw(asked(KEYS), fixed(2), {})
    assert len(sittings.both.asked) == 2
    sittings.both.opinion = lambda *_: "DIFFERENT"
    sittings.draw(asked(KEYS), fixed(2), {"temperature": 0.0})
    assert sittings.said == [
        "the keys of 1 prompts, or who judges them, are not as they were: their 2 draws were "
        "judged again, and 1 verdicts turned"
    ]
    assert [outcome for outcome, _ in sittings.verdicts()] == ["incorrect", "correct"]
    sittings.draw(asked(KEYS), fixed(2), {})
    assert [outcome for outcome, _ in sittings.verdicts()] == ["correct", "correct"]
    assert len(sittings.both.asked) == 4  # two by the other one, none more by the first
    sittings.draw(asked(KEYS, rescue=None), fixed(2))
    assert sittings.verdicts()[0] == ("incorrect", "wrong_answer")
    assert sittings.both.drawn == {FAUST: 2}


def test_votes_are_counted_and_each_asks_in_both_orders(sit: Sit):
    likes_the_first = lambda _, first, second: "SAME" if first == "Goethe" else "DIFFERENT"  # noqa: E731
    sittings = sit({FAUST: [box("Wolfgang")]}, likes_the_first)
    sittings.draw(asked(KEYS), fixed(1), {"votes": 3})
    told = "judge_undecided: judge, 2 changed with the order, after wrong_answer"
    assert sittings.verdicts() == [("unverifiable", told)]


def test_no_judge_on_a_cluster(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang")]})
    with pytest.raises(RecipeError, match="the engines of a cluster ask no judge"):
        sittings.draw(asked(KEYS), fixed(1), {}, cluster="ray")


# --- killed -------------------------------------------------------------------------------------


def test_killed_it_asks_again_only_what_was_in_flight(tmp_path: Path):
    """`kill -9` in the middle of the judge's work; the next sitting goes on from there."""
    killed: list[int] = []

    def opinion(question: str, first: str, second: str) -> str:
        if len(both.asked) == 31 and killed:
            os.kill(killed[0], signal.SIGKILL)
        return knows_names(question, first, second)

    both = Both({question: [box("Wolfgang")] for question in many()}, opinion)
    with serving(both) as url:
        command = [sys.executable, __file__, str(tmp_path), url]
        path = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = subprocess.Popen(command, env=path)
        killed.append(process.pid)
        assert process.wait(60) == -signal.SIGKILL
        assert len(both.asked) < 50  # it was killed on its way
        sittings = Sittings(tmp_path, both, url)
        drawn = sittings.draw(asked(many()), fixed(1), {})
    assert {verdict for verdict, _ in sittings.verdicts()} == {"correct"}
    assert drawn.samples.height == 30
    assert len(both.asked) <= 60 + 2 * 6  # two of each answer, and those in flight


# --- by its path --------------------------------------------------------------------------------


class Reads(Scripted):
    """A judge on this machine; `began` is told when its engine starts."""

    def __init__(self, opinion: Opinion, began: Callable[[], object]):
        super().__init__({})
        self.opinion, self.began, self.asked = opinion, began, 0

    async def __aenter__(self) -> Self:
        self.began()
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def draw(self, request: Request) -> Completion:
        self.asked += 1
        found = CASE.search(request.messages[-1]["content"])
        assert found
        mark, question, first, second = found.groups()
        text = f"VERDICT {mark}: {self.opinion(question, first, second)}"
        return Completion(text, None, "stop", 100, 10)


def test_by_its_path_it_is_asked_after_the_draws(sit: Sit, monkeypatch: pytest.MonkeyPatch):
    """Its engine starts when the teacher's has ended, and only where it is needed."""
    sittings = sit({FAUST: [box("Schiller"), box("Wolfgang"), box("Goethe"), "Well."]})
    there: list[list[tuple[str, str | None]]] = []
    reads = Reads(knows_names, lambda: there.append(sittings.verdicts()))
    engine_of = draws._engine
    monkeypatch.setattr(
        draws,
        "_engine",
        lambda who, *told: engine_of(who, *told) if who.served else reads,
    )
    monkeypatch.setattr(Judging, "identity", "i")
    monkeypatch.setattr(Judging, "max_length", 99)
    found = Judging(Teacher(Located(path="here", name="reader", digest="d")), on_this_machine())
    monkeypatch.setattr("test_judging.judging", lambda *_: found)
    drawn = sittings.draw(asked(KEYS), fixed(4), {})
    waits = ("unverifiable", "judge_pending: reader, after wrong_answer")
    assert there == [[waits, waits, ("correct", None), ("incorrect", "no_answer")]]
    assert sittings.verdicts() == [
        ("incorrect", "judged_different: reader, 1 of 1 vote, after wrong_answer"),
        ("correct", "judge_rescued: reader, after wrong_answer"),
        ("correct", None),
        ("incorrect", "no_answer"),
    ]
    assert drawn.prompts["correct"].to_list() == [2]
    assert drawn.prompts["pass_rate"].to_list() == [0.5]
    again = sittings.draw(asked(KEYS), fixed(4), {})
    assert (len(there), again.samples.height, reads.asked) == (1, 4, 4)


# --- out for a while ----------------------------------------------------------------------------


class Out(Reads):
    """Fails at these questions, by number, as an endpoint that is out does."""

    def __init__(self, failing: Sequence[int]):
        super().__init__(knows_names, lambda: None)
        self.failing = failing

    async def draw(self, request: Request) -> Completion:
        answer = await super().draw(request)
        if self.asked in self.failing:
            raise EngineFailure("connection", "none within 10 seconds", later=True)
        return answer


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ([2, 3], None),  # it comes back: the question is asked once more
        ([1], "does not answer: connection"),  # it has answered nothing yet
        (range(2, 99), "was out for 1 seconds; at last connection"),
    ],
)
def test_an_endpoint_may_be_out_for_as_long_as_its_recipe_says(
    failing: Sequence[int], said: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("factory.sampler.judging.FIRST_WAIT", 0.01)
    clock = iter(n / 4 for n in range(99))  # a quarter of a second each time it is looked at
    found, out = judging("http://127.0.0.1:9/v1"), Out(failing)
    bench = partial(Bench, found, Notes(None), lambda *_: out, clock=lambda: next(clock))
    with waiting(bench) as ask:
        case = (box("Wolfgang"), "Goethe", "exact", FAUST)
        if said:
            with pytest.raises(StageError, match=said):
                ask([case])
        else:
            assert [verdict.outcome for verdict in ask([case])] == ["correct"]


def on_this_machine() -> Judge:
    return Judge.model_validate({"model": {"path": "here"}})


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("engine")
def test_a_real_model_by_its_path_judges_after_the_draws(
    sit: Sit, hub: Path, monkeypatch: pytest.MonkeyPatch
):
    """SmolLM2 is too weak to end with a verdict: nothing is right for that, and nothing wrong."""
    small = {"kv_cache_memory_bytes": 128 * 2**20, "max_model_len": 2048, "max_num_seqs": 4}
    told = {"model": {"path": str(snapshot(hub))}, "max_tokens": 16, "engine_arguments": small}
    model = Teacher(find(Weights(path=str(snapshot(hub))), hub))
    found = Judging(model, Judge.model_validate(told))
    monkeypatch.setattr("test_judging.judging", lambda *_: found)
    sittings = sit({FAUST: [box("Wolfgang"), box("Goethe")]})
    drawn = sittings.draw(asked(KEYS), fixed(2), {})
    (open_, right) = sittings.verdicts()
    assert right == ("correct", None)
    assert (open_[1] or "").startswith(f"judge_undecided: {found.name}, 1 ")
    assert (open_[0], drawn.missing) == ("unverifiable", 0)  # it answered, whatever it said
    assert drawn.judged.startswith("1 answer in ")


if __name__ == "__main__":
    Sittings(Path(sys.argv[1]), Both({}), sys.argv[2]).draw(asked(many()), fixed(1), {})
