"""Code that shapes rows: where it behaves otherwise its VERSION is raised, and stages run again.

What each does with fixed inputs is noted here as a digest, beside the version it had.
"""

from collections.abc import Callable
from dataclasses import asdict
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from factory.models import chat
from factory.models.own_template import OwnTemplate
from factory.models.templates import TEMPLATES
from factory.models.thinking_tags import Tags
from factory.models.tokenizers import undated
from factory.prompts import drafts
from factory.prompts.collect import PROMPT
from factory.recipe.mapping import Mapping
from factory.recipe.mappings import MAPPINGS
from factory.recipe.selection import Select
from factory.records import SAMPLE, digest
from factory.versions import choose
from factory.versions.selection import select
from factory.versions.selection.order import in_order
from factory.versions.told import Told
from sft import template

CONVERSATION: list[chat.Message] = [
    {"role": "system", "content": "Be careful."},
    {"role": "user", "content": "What is 12-7?\n{{ now }} 'it\\'s'"},
    {"role": "assistant", "content": "<think>\n12-7=5\n</think>\n\n\\boxed{5}"},
    {"role": "user", "content": "十二 ü?"},
    {"role": "assistant", "content": "<think>Yes.</think> \\boxed{5}\n"},
]


class Bytes:
    """A tokenizer whose ids are the bytes of the text."""

    def __call__(self, texts: list[str], add_special_tokens: bool) -> dict[str, Any]:
        assert not add_special_tokens
        return {"input_ids": [list(text.encode()) for text in texts]}

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return list(text.encode()) + [0] * add_special_tokens

    def apply_chat_template(self, asked: Any, **options: Any) -> Any:
        if isinstance(asked[0], list):
            return [f"{turns} {sorted(options.items())} <think>\n" for turns in asked]
        options["add_generation_prompt"] = True
        return f"{asked[:-1]} {sorted(options.items())} <think>\n{asked[-1]['content']} <e>\n"


def of_chat() -> Any:
    tokenizer: Any = Bytes()
    written = [
        [piece.jinja(), piece.end, piece.prompt(CONVERSATION), piece.prompt(CONVERSATION[:2])]
        for piece in TEMPLATES.values()
    ]
    asked = chat.prompt_ids(tokenizer, CONVERSATION[:2])
    dated = undated("{{ strftime_now('%d %b %Y') }}{{ strftime_now(\"%Y-%m-%d\") }}")
    return [written, asked, chat.opens_thinking(tokenizer), dated]


def of_template() -> Any:
    tokenizer: Any = Bytes()
    conversations = [CONVERSATION, CONVERSATION[1:3]]
    rows = [template.render_all(tokenizer, pieces, conversations) for pieces in TEMPLATES.values()]
    own = OwnTemplate(tokenizer, Tags("[T]", "[/T]"), "<e>")
    rows.append(template.render_all(tokenizer, own, conversations, own.tags))
    return [[(row.input_ids, row.labels) for row in some] for some in rows]


CELLS: list[dict[str, Any]] = [
    {"question": " 2+3? ", "answer": "It is 5.\n#### 5 ", "problem": "1+1?"},
    {"question": "2+3?", "answer": "#### "},
    {"question": "2+3?", "answer": 5.0},
    {"question": "2+3?", "answer": None},
    {"question": "", "answer": "#### 5"},
    {"question": 7, "answer": "#### 5"},
    {"problem": "x", "answer": "proof", "problem_is_valid": "Yes", "solution_is_valid": "Yes"},
    {"problem": "x", "answer": "y", "problem_is_valid": "No", "source": "s", "uuid": float("nan")},
    {"turns": [{"role": "user", "content": "2+3?"}, {"role": "assistant", "content": "5"}]},
    {"turns": [{"role": "assistant", "content": "5"}]},
    {"turns": "2+3?"},
    {"turns": [{"from": "human", "value": "2+3?"}, {"from": "gpt", "value": r"\boxed{5}"}]},
    {"turns": [{"role": "user", "content": [{"type": "text", "text": "2+3?"}]}], "told": "Think."},
    {"turns": '[{"role": "developer", "content": "Think."}, {"role": "user", "content": "2?"}]'},
    {"problem": "2+3?", "options": ["4", "5"], "answer": ["5", "five"]},
    {"problem": "2+3?", "options": {"A": 4}, "answer": '["5"]', "solution": r"So \boxed{5}."},
    {"problem": "2+3?", "answer": '"5.0"', "keys": {"first": True}},
]
MAPPINGS_OF_OURS = [
    Mapping(messages="turns", system="told"),
    Mapping(messages="turns", reference="turns", reference_form="boxed_reply"),
    Mapping(compose="{problem}\n{options:optional}", reference=["answer", "keys.first"]),
    Mapping(question="problem", question_pattern="^2(.*)", reference="solution"),
]


def of_drafts() -> Any:
    def tried(mapping: Mapping, cells: dict[str, Any]) -> Any:
        try:
            return [asdict(drafts.draft(mapping, cells, by)) for by in ("math", "exact")]
        except drafts.BadRow as bad:
            return vars(bad)

    mappings = [*MAPPINGS.values(), *MAPPINGS_OF_OURS]
    told = [[tried(mapping, cells) for cells in CELLS] for mapping in mappings]
    return [told, drafts.asked("2+3?", "Think."), drafts.asked("2+3?", None)]


def of_choose() -> Any:
    rows = pl.DataFrame(
        [
            {"sample_id": f"{id}{n}", "prompt_id": id, "draw": n, "completion_tokens": n * 7 % 4}
            | {"opening": "<think>" if n % 2 else None, "text": f"{n}</think>5", "answer": "5"}
            | {"teacher": "t"}
            for n in range(4)
            for id in ("b", "a", "c")
        ],
        schema={**SAMPLE, "tokens": pl.Int32()},
    ).with_columns(
        dropped_by=pl.when(pl.col("sample_id").is_in(["a0", "b1", "c2"])).then(pl.lit("format")),
        reasons=pl.lit([], pl.List(pl.String)),
    )
    asked = pl.DataFrame(
        [
            {"prompt_id": id, "messages": CONVERSATION[:2], "source": "s"}
            | {"reference": '"5"', "meta": '{"level": 3, "source": "kept"}'}
            for id in "abc"
        ],
        PROMPT,
    )
    fates = pl.DataFrame({"teacher": ["Teacher"], "teacher_digest": ["t"]})
    decided = select(rows, Select(per_prompt=2), 0).rows
    chosen = in_order(decided.filter(fate="chosen"))
    return [
        choose.decisions(decided).to_dicts(),
        choose.dataset_rows(chosen, Told.of(asked, fates)).to_dicts(),
        choose.messages(choose.unfiltered(rows, 5, 2, seed=1), asked)["messages"].to_list(),
    ]


@pytest.mark.parametrize(
    ("code", "behaviour", "version", "noted"),
    [
        (chat, of_chat, 2, "e4eec69fe50b8e881833e5d92ad57d8d"),
        (template, of_template, 2, "1eabbbbee7acb1756138a262754fc685"),
        (drafts, of_drafts, 3, "6c7398ace08673cd3b8c2d59b95ad2fe"),
        (choose, of_choose, 4, "000174069b178a928d6637c42d665ff7"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, ModuleType) else "",
)
def test_other_behaviour_is_another_version(
    code: ModuleType, behaviour: Callable[[], Any], version: int, noted: str
):
    found = digest(behaviour())
    name = code.__name__
    if found != noted:
        assert version != code.VERSION, (
            f"{name} behaves otherwise than version {version} did: raise {name}.VERSION, or else "
            "nothing made by the old code is made again; then note the new pair here"
        )
    assert (code.VERSION, found) == (version, noted), f"note the new version of {name} here"
