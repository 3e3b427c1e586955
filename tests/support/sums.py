"""A recipe of sums, its questions, and a server that answers them."""

import asyncio
import json
import re
from pathlib import Path
from threading import Event
from typing import Any

from misbehaving import Misbehaving, answers

from factory.recipe import Recipe

PROMPTS, AT_ONCE = 200, 16
ENDPOINT: dict[str, Any] = {"endpoint": "http://127.0.0.1:9/v1", "model": "m"}
RECIPE: dict[str, Any] = {
    "name": "sums",
    "prompts": [
        {"source": "files", "path": "sums.jsonl", "verifier": "exact"}
        | {"columns": {"question": "question", "reference": "answer"}}
    ],
    "teacher": {"base": ENDPOINT},
    "sampling": {"policy": {"fixed": {"draws": 1}}, "concurrency": AT_ONCE},
    "filters": {"correctness": {}},
}


class Adder(Misbehaving):
    """Adds two numbers; at a certain request, something else happens first."""

    def __init__(self) -> None:
        super().__init__(self.adds)
        self.at, self.happens = 0, lambda: None
        self.answers = Event()
        """While it is not set, nobody gets an answer."""
        self.answers.set()

    async def adds(self, server: Misbehaving, asked: Any) -> Any:
        if len(self.bodies) == self.at:
            self.happens()
        while not self.answers.is_set():
            await asyncio.sleep(0.01)
        text = (await asked.json())["messages"][-1]["content"]
        total = sum(map(int, re.findall(r"\d+", text)))
        return await answers(rf"\boxed{{{total}}}", after=0.01)(server, asked)


def write(folder: Path, url: str) -> Recipe:
    """The questions, and the recipe with this address in it."""
    sums = [{"question": f"{n}+{n + 1}?", "answer": str(2 * n + 1)} for n in range(PROMPTS)]
    (folder / "sums.jsonl").write_text("\n".join(map(json.dumps, sums)))
    told = RECIPE | {"teacher": {"base": ENDPOINT | {"endpoint": url}}}
    (folder / "sums.yaml").write_text(json.dumps(told))
    return Recipe.model_validate(told)
