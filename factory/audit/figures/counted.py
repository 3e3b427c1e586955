"""What all figures are counted from: the samples' groups and faults, made once for an audit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from factory.audit.figures.faults import Faults
from factory.audit.figures.groups import Groups
from factory.audit.figures.rates import rates
from factory.audit.subject import Subject

CHOSEN = ("chosen", "kept")
"""Fates of samples that are rows: of a version, and of anybody's data that was filtered."""


@dataclass(frozen=True)
class Counted:
    """A subject, and what is counted of it again and again."""

    subject: Subject

    @property
    def samples(self) -> pl.DataFrame:
        """A row a sample."""
        return self.subject.samples

    @cached_property
    def rates(self) -> pl.DataFrame:
        """What became of prompts, with unbiased pass rates as far as they are known."""
        return rates(self.subject)

    @cached_property
    def groups(self) -> Groups:
        """The groups of samples."""
        return Groups.of(self.samples, self.rates)

    @cached_property
    def faults(self) -> Faults:
        """The reasons of samples."""
        return Faults.of(self.subject)

    @cached_property
    def accepted(self) -> pl.Series:
        """Whether no filter drops a sample."""
        return self.samples["dropped_by"].is_null().alias("accepted")

    @cached_property
    def chosen(self) -> pl.Series:
        """Whether a sample is a row of the dataset."""
        return self.samples["fate"].is_in(CHOSEN).fill_null(False).alias("chosen")

    @cached_property
    def verdicts(self) -> dict[str, pl.Series]:
        """Whether a sample is correct, incorrect, unverifiable, or has no verdict."""
        verdict = self.samples["verdict"]
        words = ("correct", "incorrect", "unverifiable")
        told = {word: (verdict == word).fill_null(False) for word in words}
        return told | {"no_verdict": verdict.is_null()}

    def has(self, *columns: str) -> bool:
        """Whether samples have these columns, each with a value somewhere."""
        there = (name in self.samples.columns for name in columns)
        return all(there) and all(
            self.samples[name].null_count() < self.samples.height for name in columns
        )
