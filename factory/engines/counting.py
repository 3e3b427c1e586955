"""Tokens of a text, by a tokenizer that the recipe names, for servers that do not count."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from factory.errors import StageError

Read = TypeVar("Read")


class Counting:
    """Counts, once it is asked to: many servers count themselves."""

    def __init__(self, tokenizer: str | None):
        """`tokenizer`: a folder or Hub name; None: nothing can be counted."""
        self.tokenizer = tokenizer

    def tokens(self, text: str) -> int | None:
        """Tokens of a text; None without a tokenizer.

        Raises:
            StageError: the tokenizer cannot be read.
        """
        if self.tokenizer is None:
            return None
        return len(self._read.encode(text, add_special_tokens=False).ids)

    @cached_property
    def _read(self) -> Any:
        from tokenizers import Tokenizer

        wanted = f"the tokenizer {self.tokenizer}, which counts the tokens of an endpoint,"
        return read(str(self.tokenizer), wanted, lambda file: Tokenizer.from_file(str(file)))


def read(tokenizer: str, wanted: str, reader: Callable[[Path], Read]) -> Read:
    """What is read from the `tokenizer.json` of a folder, or of a model on the Hub.

    Args:
        wanted: says in a message which tokenizer it is.

    Raises:
        StageError: it cannot be read.
    """
    file = Path(tokenizer) / "tokenizer.json"
    try:
        if not file.is_file():
            from huggingface_hub import hf_hub_download

            file = Path(hf_hub_download(tokenizer, "tokenizer.json"))
        return reader(file)
    except Exception as error:  # the Hub's, the file's, those of Rust
        raise StageError(
            f"{wanted} cannot be read ({type(error).__name__}: {str(error).splitlines()[0]}); "
            "name a folder with a tokenizer.json, or leave it out"
        ) from error
