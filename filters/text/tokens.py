"""Tokens of many texts, by a fast tokenizer whose ids are compared with the well-known one's.

`fastokens` (Apache-2.0) reads the same `tokenizer.json` as Hugging Face's `tokenizers` and takes a
fortieth to an eightieth of the time for the tokenizers of Qwen 3, Llama 3, DeepSeek V3 and gpt-oss.
It is young, so each run compares it: the first texts, odd ones, and one in so many of the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

TRIED = 1_000_000
"""Characters of a run's first texts that `tokenizers` reads. The fast one takes seconds to load, so
fewer are not worth it; and it must give the same ids for all of these."""
ONE_IN = 500
"""Of the texts that come later one in so many is read by both."""
AT_ONCE = 4_000_000
"""Characters handed over at once: `tokenizers` needs some 100 bytes of memory for each token."""
ODD = (
    *("", " ", " \n\n \r\n\t x", "\u2028\u00a0\u3000\x85\x00", " " * 99 + "end", "a" * 99),
    *("I'm, WE'LL don't", "3.14159 x1000000 ½ ٣", "f(x)={x:>3}; // **done**", "https://a.b/c?d=e"),
    *(
        "然后我们把结果除以二。",
        "もう一度",
        "한국어 텍스트",
        "Привет, мир",
        "नमस्ते",
        "สวัสดี",
        "שלום עולם مرحبا",
    ),
    *(
        "🙂👩‍👩‍👧‍👦🇩🇪",
        "e\u0301 ﬁ Å x\u200by\ufeff",
        "<think>\n</think>\n\n42",
        " <think> a</think >",
    ),
    *(
        "<|im_start|>user\nx<|im_end|>\n",
        "<|endoftext|><|eot_id|> <s>[INST]</s>",
        "<｜end▁of▁sentence｜>",
    ),
)
"""Texts on which tokenizers are known to differ; the run's own special tokens are added."""
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"
"""GPT-2's pattern where each digit stands alone, after which it sees the end of the text."""


class Ids(NamedTuple):
    """The ids of texts, one after another, and where each begins and the last one ends."""

    ids: np.ndarray
    ends: np.ndarray

    def of(self, number: int) -> np.ndarray:
        """Those of one text."""
        return self.ids[self.ends[number] : self.ends[number + 1]]


class TokenCounter:
    """Counts tokens, and gives their ids, as `tokenizers` does without special tokens around them.

    Where the fast tokenizer is not installed, does not know this tokenizer, or gives other ids,
    `tokenizers` goes on alone, and `say` is told so; a text on which it fails is read by the other.
    """

    def __init__(self, folder: Path | str, say: Callable[[str], None] = lambda words: None):
        """`folder`: where `tokenizer.json` lies, or that file.

        Raises:
            FileNotFoundError: it is not there.
            ValueError: `tokenizers` cannot read it.
        """
        file = Path(folder)
        self._start((file if file.is_file() else file / "tokenizer.json").read_text(), say)

    @classmethod
    def of(cls, tokenizer: Any, say: Callable[[str], None] = lambda words: None) -> TokenCounter:
        """The same of a `tokenizers.Tokenizer`, as a tokenizer of transformers has behind it."""
        counter = cls.__new__(cls)
        counter._start(tokenizer.to_str(), say)
        return counter

    def _start(self, told: str, say: Callable[[str], None]) -> None:
        from tokenizers import Tokenizer

        self._told, self._say = told, say
        try:
            self._slow: Any = Tokenizer.from_str(told)
        except Exception as error:  # of Rust
            raise ValueError(f"tokenizers cannot read this tokenizer.json: {error}") from error
        self._slow.no_truncation()
        self._slow.no_padding()
        self._fast: Any = None
        self._tried: list[tuple[list[str], Ids]] | None = []  # the first texts
        self._later = 0
        self._failed = False

    def counts(self, texts: pl.Series) -> pl.Series:
        """Tokens of each text, Int32; null of null."""
        there = texts.is_not_null()
        found = [np.diff(read.ends) for _, read in self._read(texts.drop_nulls())]
        counts = np.zeros(len(texts), np.int32)
        counts[there.to_numpy()] = np.concatenate([np.empty(0, np.int32), *found])
        return pl.select(pl.when(there).then(pl.Series(counts))).to_series().alias(texts.name)

    def ids(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """The ids of each text."""
        for part, read in self._read(texts):
            yield from map(read.of, range(len(part)))

    def _read(self, texts: Iterable[str]) -> Iterator[tuple[list[str], Ids]]:
        for part in _parts(texts):
            if self._tried is not None:
                yield part, self._read_first(part, self._tried)
            else:
                yield part, self._read_later(part)

    def _read_first(self, part: list[str], tried: list[tuple[list[str], Ids]]) -> Ids:
        """By `tokenizers`; once these are enough, the fast one must read all of them alike."""
        found = self._read_slowly(part)
        tried.append((part, found))
        if sum(len(text) for texts, _ in tried for text in texts) >= TRIED:
            self._tried, self._fast = None, self._load()
            special = [token["content"] for token in json.loads(self._told)["added_tokens"]]
            odd = [*ODD, *special, "".join(special), " a ".join(special)]
            for texts, slow in [*tried, (odd, self._read_slowly(odd))]:
                self._compare(texts, self._read_fast(texts), slow)
        return found

    def _read_later(self, part: list[str]) -> Ids:
        """By the fast one, as long as it reads some of them as `tokenizers` does."""
        fast = self._read_fast(part)
        looked_at = range(-self._later % ONE_IN, len(part), ONE_IN)
        self._later += len(part)
        if fast is not None and looked_at:
            some = [fast.of(number) for number in looked_at]
            texts = [part[number] for number in looked_at]
            self._compare(texts, _joined(some), self._read_slowly(texts))
        return self._read_slowly(part) if fast is None or self._fast is None else fast

    def _load(self) -> Any:
        try:
            import fastokens

            return fastokens.Tokenizer.from_json_str(json.dumps(_as_one(json.loads(self._told))))
        except ImportError:
            self._say("fastokens is not installed: tokenizers counts tokens, which takes longer")
        except Exception as error:
            self._say(f"fastokens cannot read this tokenizer ({error}): tokenizers counts tokens")
        return None

    def _compare(self, texts: list[str], fast: Ids | None, slow: Ids) -> None:
        """Leaves the fast one where it gives other ids than `tokenizers`."""
        if fast is None or all(map(np.array_equal, fast, slow)):
            return
        self._fast = None
        at = next(n for n in range(len(texts)) if not np.array_equal(fast.of(n), slow.of(n)))
        self._say(
            f"fastokens gives {len(fast.of(at)):,} tokens for {texts[at][:60]!r}, other than the "
            f"{len(slow.of(at)):,} of tokenizers, which counts from here on"
        )

    def _read_fast(self, texts: list[str]) -> Ids | None:
        """None where there is no fast one, or it fails, as with megabytes of blanks."""
        if self._fast is None:
            return None
        try:
            ids, ends = self._fast.encode_batch_flat(texts)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of Rust is no Exception
            if not self._failed:
                self._say(f"fastokens fails on some texts ({error}): tokenizers counts these")
            self._failed = True
            return None
        return Ids(np.frombuffer(ids, np.uint32), np.frombuffer(ends, np.uint64).astype(np.int64))

    def _read_slowly(self, texts: list[str]) -> Ids:
        rows = self._slow.encode_batch_fast(texts, add_special_tokens=False)
        return _joined([np.array(row.ids, np.uint32) for row in rows])


def _joined(rows: list[np.ndarray]) -> Ids:
    return Ids(
        np.concatenate([np.empty(0, np.uint32), *rows]), np.cumsum([0, *map(len, rows)], dtype=int)
    )


def _parts(texts: Iterable[str]) -> Iterator[list[str]]:
    part, size = [], 0
    for text in texts:
        part.append(text)
        size += len(text)
        if size >= AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


def _as_one(told: dict[str, Any]) -> dict[str, Any]:
    """GPT-2's splitting behind one that sets digits apart, as SmolLM has it, by one pattern: the
    same words in a quarter of the time."""
    digits = {"type": "Digits", "individual_digits": True}
    match told.get("pre_tokenizer"):
        case {"pretokenizers": [first, {"type": "ByteLevel", "use_regex": True} as last]} if (
            first == digits and not last["add_prefix_space"]
        ):
            split = {"pattern": {"Regex": _GPT2}, "behavior": "Isolated", "invert": False}
            parts = [{"type": "Split", **split}, last | {"use_regex": False}]
            return told | {"pre_tokenizer": {"type": "Sequence", "pretokenizers": parts}}
    return told
