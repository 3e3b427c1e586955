"""A recipe's judge apart from the draws: killed on its way, on this machine, out for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from judging import Both, Reads, Sittings, asked, box, judging, knows_names
from misbehaving import serving
from real import snapshot
from sampled import fixed

from factory.engines import Completion, Request
from factory.errors import EngineFailure, StageError
from factory.models import Located, find
from factory.recipe.judge import Judge
from factory.recipe.models import Weights
from factory.sampler import draws
from factory.sampler.judge_notes import Notes
from factory.sampler.judging import Bench, Judging, waiting
from factory.sampler.teacher import Teacher

FAUST = "Who wrote Faust?"
KEYS = {FAUST: "Goethe"}


def many() -> dict[str, str]:
    return {f"Who is number {n}?": "Goethe" for n in range(30)}


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


def test_by_its_path_it_is_asked_after_the_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its engine starts when the teacher's has ended, and only where it is needed."""
    both = Both({FAUST: [box("Schiller"), box("Wolfgang"), box("Goethe"), "Well."]})
    sittings = Sittings(tmp_path, both, "")
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
    told = Judge.model_validate({"model": {"path": "here"}})
    found = Judging(Teacher(Located(path="here", name="reader", digest="d")), told)
    with serving(both) as sittings.url:
        drawn = sittings.draw(asked(KEYS), fixed(4), found)
        again = sittings.draw(asked(KEYS), fixed(4), found)
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


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("engine")
def test_a_real_model_by_its_path_judges_after_the_draws(tmp_path: Path, hub: Path):
    """SmolLM2 is too weak to end with a verdict: nothing is right for that, and nothing wrong."""
    small = {"kv_cache_memory_bytes": 128 * 2**20, "max_model_len": 2048, "max_num_seqs": 4}
    told = {"model": {"path": str(snapshot(hub))}, "max_tokens": 16, "engine_arguments": small}
    model = Teacher(find(Weights(path=str(snapshot(hub))), hub))
    found = Judging(model, Judge.model_validate(told))
    sittings = Sittings(tmp_path, Both({FAUST: [box("Wolfgang"), box("Goethe")]}), "")
    with serving(sittings.both) as sittings.url:
        drawn = sittings.draw(asked(KEYS), fixed(2), found)
    (open_, right) = sittings.verdicts()
    assert right == ("correct", None)
    assert (open_[1] or "").startswith(f"judge_undecided: {found.name}, 1 ")
    assert (open_[0], drawn.missing) == ("unverifiable", 0)  # it answered, whatever it said
    assert drawn.judged.startswith("1 answer in ")


if __name__ == "__main__":
    Sittings(Path(sys.argv[1]), Both({}), sys.argv[2]).draw(asked(many()), fixed(1), {})
