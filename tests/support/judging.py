"""What tests of judges share: a server that answers as a teacher and as a judge, and its recipe."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from inspect import isawaitable
from pathlib import Path
from typing import Any, Self

import polars as pl
from aiohttp import web
from misbehaving import Misbehaving, draw

from factory.engines import Completion, Request, Scripted
from factory.models import elsewhere
from factory.prompts.collect import PROMPT
from factory.recipe.judge import BY_A_MODEL, Judge
from factory.recipe.sampling import Policy, Sampling
from factory.recipe.served import Served
from factory.sampler import draws
from factory.sampler.draws import Drawn
from factory.sampler.judging import Judging
from factory.sampler.teacher import Teacher
from factory.store import Store
from factory.store.draws import Draws

CASE = re.compile(
    r"--- (\w+) question ---\n(.*)\n--- \1 text 1 ---\n(.*)\n--- \1 text 2 ---\n(.*)\n--- \1 end",
    re.DOTALL,
)
"""How a question to a judge looks: mark, question, text 1, text 2."""
CRITERION = re.compile(
    r"--- (\w+) question ---\n(.*)\n--- \1 text ---\n(.*)\n--- \1 criterion ---\n(.*)\n--- \1 end",
    re.DOTALL,
)
"""How a question about one criterion looks: mark, question, text, criterion."""
Opinion = Callable[[str, str, str], Any]
"""(question, text 1, text 2) -> SAME, DIFFERENT or UNSURE, or anything else, in its own time where
it is async; an `OSError` of it is answered with 400, which is not asked again."""
NAMES = [{"Goethe", "Wolfgang"}, {"Canberra", "the city of Canberra"}]


def knows_names(question: str, first: str, second: str) -> str:
    """A judge for these tests: the same words, or two names of one thing."""
    same = first == second or {first, second} in NAMES
    return "SAME" if same else "DIFFERENT"


def finds_words(question: str, text: str, criterion: str) -> str:
    """A judge of criteria as `It says "please".`: whether the text has those words."""
    return "YES" if criterion.split('"')[1] in text else "NO"


class Both(Misbehaving):
    """Serves two models: `teacher` gives a question's answers in turn, `judge` has an opinion.

    `asked` is what the judge was asked, as (question, text 1, text 2), or (question, text,
    criterion), which `meets` has an opinion of: YES, NO or UNSURE.
    """

    def __init__(
        self,
        answers: Mapping[str, Sequence[str]],
        opinion: Opinion = knows_names,
        meets: Opinion = finds_words,
    ):
        super().__init__(self._behave)
        self.answers, self.opinion, self.meets = answers, opinion, meets
        self.asked: list[tuple[str, str, str]] = []
        self.drawn: dict[str, int] = {}

    @staticmethod
    async def _behave(server: Misbehaving, request: web.Request) -> web.StreamResponse:
        assert isinstance(server, Both)
        body = await request.json()
        last = body["messages"][-1]["content"]
        if body["model"] != "judge":
            return web.json_response(draw(server.answer(last)))
        found = CASE.search(last)
        judge = server.opinion if found else server.meets
        found = found or CRITERION.search(last)
        assert found
        mark, *case = found.groups()
        server.asked.append((case[0], case[1], case[2]))
        try:
            said = judge(case[0], case[1], case[2])
            said = await said if isawaitable(said) else said
        except OSError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(draw(f"As I see it.\nVERDICT {mark}: {said}"))

    def answer(self, question: str) -> str:
        """The next answer to a question; the last one again and again."""
        number = self.drawn.get(question, 0)
        self.drawn[question] = number + 1
        told = self.answers[question]
        return told[min(number, len(told) - 1)]

    def about(self, question: str) -> list[tuple[str, str]]:
        """The texts that the judge was asked to compare for a question."""
        return [(first, second) for asked, first, second in self.asked if asked == question]


def judging(url: str, **settings: Any) -> Judging:
    """The judge of that server, as a recipe's is found."""
    model = {"endpoint": url, "model": "judge", "deadline": 5, "outage": 1}
    told = Judge.model_validate({"model": model} | settings)
    assert isinstance(told.model, Served)
    return Judging(Teacher(elsewhere(told.model), told.model), told)


def asked(keys: Mapping[str, object], verifier: str = "exact", rescue: str | None = "judge") -> Any:
    """A prompt table of these questions and keys."""
    rows = [
        {"prompt_id": question, "messages": [{"role": "user", "content": question}]}
        | {"reference": json.dumps(key), "verifier": verifier, "source": "own"}
        | {"rescue": None if verifier in BY_A_MODEL else rescue}
        for question, key in keys.items()
    ]
    return pl.DataFrame(rows, schema=PROMPT)


def recipe(folder: Path, url: str, keys: dict[str, str], **changes: Any) -> Path:
    """A recipe of these questions and keys whose teacher and judge that server is."""
    rows = [{"question": question, "answer": key} for question, key in keys.items()]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    source = {"source": "files", "path": "questions.jsonl", "verifier": "exact", "rescue": "judge"}
    columns = {"question": "question", "reference": "answer"}
    fast = {"endpoint": url, "deadline": 5, "outage": 1}
    told = {
        "name": "judged",
        "prompts": [source | {"columns": columns} | changes.pop("source", {})],
        "teacher": {"base": fast | {"model": "teacher"}},
        "judge": {"model": fast | {"model": "judge"}} | changes.pop("judge", {}),
        "sampling": {"policy": {"until": {"accepted": 1, "max_draws": 3}}, "max_tokens": 64},
        "filters": {"correctness": {}},
    }
    file = folder / "recipe.yaml"
    file.write_text(json.dumps(told | changes))
    return file


def box(text: str) -> str:
    """A response whose final answer is this."""
    return rf"\boxed{{{text}}}"


class Sittings:
    """A folder of draws that is sampled as often as is wanted, by the models of one server."""

    def __init__(self, folder: Path, both: Both, url: str):
        self.folder, self.both, self.url = folder, both, url
        self.said: list[str] = []

    def draw(
        self,
        prompts: pl.DataFrame,
        policy: Policy,
        judge: dict[str, Any] | Judging | None = None,
        **told: Any,
    ) -> Drawn:
        self.said.clear()
        model = Served(endpoint=self.url, model="teacher", deadline=5, outage=1)
        found = judging(self.url, **judge) if isinstance(judge, dict) else judge
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
