"""A reward model: any for sequence classification, as a reward of what no rule can judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filters.classifier import digest, longest_of, model_in, output_of
from filters.rewards import Completions, shown, text

AT_ONCE = 16
"""Conversations that the model sees at once."""


@dataclass(frozen=True)
class Scored:
    """What a model for sequence classification says of an answer to its question.

    With a chat template the model reads question and answer as a conversation, else as a pair of
    texts. It is loaded at the first call, on a GPU where there is one; no code in its folder is
    run. A draw that is longer than the model reads is not judged (None): nothing is cut. A draw
    without a response has no helpfulness: 0, or None where raw outputs are rewarded.
    """

    folder: Path
    """Where the model is."""
    name: str = "helpfulness"
    """Under which it is logged."""
    part: Literal["response", "text"] = "response"
    """What is scored: the response, as DeepSeek-R1 does for helpfulness; or all that was written,
    thinking included, as for harmlessness."""
    label: str | None = None
    """The label whose score counts, as the model's configuration calls it; None where the model has
    one output."""
    score: Literal["probability", "raw"] = "probability"
    """The label's probability, 0 to 1, or what the model puts out for it."""
    opened: bool = False

    @property
    def __name__(self) -> str:  # TRL logs it under this name
        return self.name

    def __call__(
        self, prompts: Completions, completions: Completions, **_: Any
    ) -> list[float | None]:
        """Scores of the completions, each to its prompt."""
        said = [shown(completion, self.part, self.opened) for completion in completions]
        blank = 0.0 if self.score == "probability" else None
        rewards: list[float | None] = [blank] * len(said)
        tokenizer, model = model_in(self.folder, digest(self.folder))
        asked = {
            place: _ids(tokenizer, prompt, answer)
            for place, (prompt, answer) in enumerate(zip(prompts, said, strict=True))
            if answer is not None
        }
        for place in asked:
            rewards[place] = None
        fitting = [
            place for place, ids in asked.items() if len(ids) <= longest_of(tokenizer, model)
        ]
        fitting.sort(key=lambda place: len(asked[place]))  # so that little is padded
        for start in range(0, len(fitting), AT_ONCE):
            some = fitting[start : start + AT_ONCE]
            for place, score in zip(some, self._of(model, [asked[p] for p in some]), strict=True):
                rewards[place] = score
        return rewards

    def _of(self, model: Any, rows: Sequence[Sequence[int]]) -> list[float]:
        import torch

        width, pad = max(map(len, rows)), model.config.pad_token_id
        ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])
        there = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        with torch.inference_mode():
            told = {"input_ids": ids.to(model.device), "attention_mask": there.to(model.device)}
            outputs = model(**told).logits.float()
        place = output_of(self.folder, self.label)
        if self.score == "probability":
            several = model.config.problem_type == "multi_label_classification"
            outputs = outputs.sigmoid() if place < 0 or several else outputs.softmax(-1)
        return outputs[:, max(0, place)].tolist()


def _ids(tokenizer: Any, prompt: Any, answer: str) -> list[int]:
    """A question and its answer, as the model reads them."""
    if tokenizer.chat_template is None:
        return tokenizer(text(prompt), answer)["input_ids"]
    turns = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
    turns.append({"role": "assistant", "content": answer})
    return tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"]
