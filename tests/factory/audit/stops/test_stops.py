"""Stops: at every combination of stops the sums are those of `filters.judge`."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from measured import measured, subject_of
from versions import manifest

from factory.audit.stops import Setting, Stops, stops
from factory.audit.subject import Subject
from factory.audit.what_if.settings import changed
from factory.versions.manifest import Rule
from filters import Filters, funnel, funnels, judge
from filters.filter import Filter
from filters.repetition import LOOPS as LISTS

REPETITION = {"max_share": 0.3, "max_compression": 5, "min_loop_repeats": 3, "min_loop_chars": 90}
THINKING = {
    "min_efficiency": 0.5, "max_after_answer": 10, "max_reflections": 9, "max_backtracks": 3,
    "max_switches": 4, "min_thought_chars": 9,
}  # fmt: skip
BY_DOMAIN = [
    {"domains": ["math", "logic"], "max_tokens": 20},
    {"min_tokens": 4, "max_paragraph_chars": 12},
]
RULES = {
    "limits on both sides": {"length": {"min_tokens": 3, "max_tokens": 20}, "correctness": {}},
    "two settings in one reason": {"language": {"max_switches": 2}, "repetition": REPETITION},
    "entries by domain": {"length": BY_DOMAIN, "format": {}},
    "many of one filter": {"thinking": THINKING, "chain": {"min_chars": 9, "min_verifies": 1}},
    "either of two": {"contamination": {}, "truncation": {}},
    "what the others accept": {"length": {"max_tokens": 15}, "duplicates": {}},
    "of some domains alone": {"chain": {"min_chars": 9}, "duplicates": {"domains": ["math"]}},
    "rules without a number": {
        "safety": {"own_names": ["one"]}, "code_blocks": {"allow": ["code"]}, "format": {},
        "length": {"max_tokens": 15},
    },
    "a quotient": {"thinking": {"max_after_answer": 4}, "length": {"max_tokens": 15}},
}  # fmt: skip


BY_CHANCE = settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


class Band(Filter):
    """A filter of one's own: a rule with three settings, and one that looks at other rows."""

    name: ClassVar[str] = "band"
    reads: ClassVar[tuple[str, ...]] = ("response",)
    columns: ClassVar[dict[str, pl.DataType]] = {"band": pl.Int32()}
    source: ClassVar[str | None] = "here"

    low: int = 4
    """Least."""
    high: int = 20
    """Greatest."""
    step: int = 3
    """Of those within, each so many is one too many."""
    above: float = 0.5
    """How far above the mean of its prompt."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(band=pl.lit(0, pl.Int32))

    def reasons(self) -> dict[str, pl.Expr]:
        band = pl.col("band")
        odd = (band % self.step == 0) & band.is_between(self.low, self.high)
        return {"odd": odd, "outlier": band > band.mean().over("prompt_id") + self.above}


class Follower(Filter):
    """A filter of one's own that asks which samples the others accept."""

    name: ClassVar[str] = "follower"
    reads: ClassVar[tuple[str, ...]] = ("response",)
    columns: ClassVar[dict[str, pl.DataType]] = {"follows": pl.Int32()}

    most: int = 10
    """Greatest among those that others accept."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(follows=pl.lit(0, pl.Int32))

    def reasons(self) -> dict[str, pl.Expr]:
        return {"followed": pl.col("accepted") & (pl.col("follows") > self.most)}


def said(setting: Setting, place: int) -> str:
    value = setting.values[place]
    return f"{setting.name}={'none' if value is None else value}"


def assert_as_judged(subject: Subject, found: Stops, places: Sequence[int]) -> None:
    """That the sums are what judging by these settings gives."""
    texts = [said(one, place) for one, place in zip(found.settings, places, strict=True)]
    other = changed(subject.filters, texts)
    judged = judge(subject.samples.drop("reasons", "dropped_by"), other)
    columns = ["domain", "filter", "entering", "dropped", "left"]
    wanted = funnels(judged, other).select(columns).sort("domain", "filter")
    assert found.funnel(places).sort("domain", "filter").rows() == wanted.rows(), texts
    alone = dict(funnel(judged, other).select("filter", "dropped_alone_total").iter_rows())
    assert found.dropped_alone(places) == alone, texts


def somewhere(found: Stops, data: st.DataObject) -> list[int]:
    return [data.draw(st.integers(0, len(one.values) - 1)) for one in found.settings]


@pytest.mark.parametrize("rules", RULES.values(), ids=list(RULES))
@BY_CHANCE
@given(data=st.data())
def test_every_combination_is_as_judged(rules: dict[str, object], data: st.DataObject):
    filters = Filters.model_validate(rules)
    subject = subject_of(data.draw(measured(filters)), filters)
    found = stops(subject, most=data.draw(st.sampled_from([1, 200, 300_000])))
    assert_as_judged(subject, found, found.now)
    for _ in range(4):
        assert_as_judged(subject, found, somewhere(found, data))


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Filters:
    """Rules that go by the score of a model, of which no more is there than its labels."""
    home = tmp_path_factory.mktemp("home")
    told = {"id2label": {0: "safe", 1: "unsafe"}, "architectures": ["ForSequenceClassification"]}
    (home / "config.json").write_text(json.dumps(told))
    entry = {"model": ".", "label": "unsafe", "max_score": 0.3}
    rules = {"classifiers": {"harm": entry}, "length": {"max_tokens": 15}}
    return Filters.model_validate(rules, context={"home": home})


@BY_CHANCE
@given(data=st.data())
def test_the_score_of_a_classifier_has_a_slider(classified: Filters, data: st.DataObject):
    subject = subject_of(data.draw(measured(classified)), classified)
    found = stops(subject)
    for _ in range(4):
        assert_as_judged(subject, found, somewhere(found, data))


@BY_CHANCE
@given(data=st.data())
def test_any_rule_of_a_filter_of_ones_own(data: st.DataObject):
    filters = Filters(own={"here:Band": Band()})
    subject = subject_of(data.draw(measured(filters)), filters)
    found = stops(subject)
    for _ in range(4):
        assert_as_judged(subject, found, somewhere(found, data))


def samples(**columns: Sequence[object]) -> pl.DataFrame:
    height = len(next(iter(columns.values())))
    ids = {"sample_id": [f"{n}" for n in range(height)], "prompt_id": ["p"] * height}
    return pl.DataFrame({"domain": ["math"] * height, **ids, **columns})


def lengths(rules: dict[str, object], tokens: Sequence[int | None], most: int = 10**6) -> Stops:
    filters = Filters.model_validate({"length": rules})
    table = samples(tokens=tokens, longest_paragraph=[1] * len(tokens))
    return stops(subject_of(table.cast({"tokens": pl.Int32}), filters), most)


def test_a_slider_stops_at_its_measure_and_without_limit():
    found = lengths({"max_tokens": 40}, [10, 20, 30, 40, 50, None])
    (slider,) = found.settings
    assert (slider.name, slider.measure, slider.values[slider.now]) == (
        "length.max_tokens", "tokens", 40,
    )  # fmt: skip
    assert slider.values[0] == 10
    assert slider.values[-2:] == [50, None]
    assert slider.label.startswith("Largest number of tokens")
    dropped = [found.funnel([place])["dropped"][0] for place in range(len(slider.values))]
    assert dropped[0] == 5  # all but one, and the one that nobody measured
    assert dropped[-2:] == [1, 0]  # without a limit nothing must be measured


def test_a_lower_limit_is_left_out_below():
    found = lengths({"min_tokens": 20}, [10, 20, 30])
    assert found.settings[0].values[0] is None


def test_entries_for_domains_have_sliders_of_their_own():
    filters = Filters.model_validate({"length": BY_DOMAIN})
    table = samples(tokens=[5, 30], longest_paragraph=[3, 20]).cast({"tokens": pl.Int32})
    found = stops(subject_of(table, filters))
    assert [one.name for one in found.settings] == [
        "length[math,logic].max_tokens",
        "length[].min_tokens",
        "length[].max_paragraph_chars",
    ]


def test_cells_that_are_too_many_have_fewer_stops():
    many = lengths({"max_tokens": 500}, [n % 1000 for n in range(5000)])
    few = lengths({"max_tokens": 500}, [n % 1000 for n in range(5000)], most=100)
    assert len(few.settings[0].values) < len(many.settings[0].values) <= 64
    assert few.settings[0].values[few.settings[0].now] == 500
    assert set(few.settings[0].values) <= set(many.settings[0].values)


def test_what_has_no_slider_says_why():
    filters = Filters(own={"here:Follower": Follower()}, length=Filters().length)
    table = samples(follows=[5, 30]).cast({"follows": pl.Int32})
    found = stops(subject_of(table, filters))
    assert found.held == {
        "follower": "it asks which samples the others accept: its drops stay as they are"
    }
    assert_as_judged(subject_of(table, filters), found, [])
    assert "language.min_share" in stops(subject_of(*unknown_languages())).held


def test_a_slider_that_moves_nobody_is_known():
    found = stops(subject_of(*looping()))
    keys = [one.key for one in found.settings]
    assert keys == ["max_share", "min_loop_repeats", "min_loop_chars", "max_echo"]
    assert [keys[place] for place in found.idle] == ["max_share"]


def looping() -> tuple[pl.DataFrame, Filters]:
    """Samples that say nothing twice, some of them in a loop."""
    filters = Filters.model_validate({"repetition": {}})
    kinds = filters.active()["repetition"].filter.columns
    values = {"loop_repeats": [5, 9], "loop_chars": [50, 500], "echo_share": [0.1, 0.9]}
    told = {n: pl.Series(values.get(n, [0, 0]), dtype=k) for n, k in kinds.items() if k != LISTS}
    lists = {n: pl.Series([[], []], dtype=k) for n, k in kinds.items() if k == LISTS}
    return samples(one=[1, 2]).with_columns(**told, **lists), filters


def test_what_a_filter_dropped_that_is_not_here_stays_dropped():
    filters = Filters.model_validate({"length": {"max_tokens": 20}})
    rule = Rule(
        filter="mine", thresholds={}, entering=3, dropped=1, left=2, reasons={"dull": 1, "long": 0}
    )
    table = samples(tokens=[10, 20, 30], longest_paragraph=[1, 1, 1]).cast({"tokens": pl.Int32})
    subject = subject_of(table, filters)
    dull = subject.samples.with_columns(
        reasons=pl.when(pl.col("tokens") == 10).then(pl.lit(["dull"])).otherwise("reasons")
    )
    found = stops(replace(subject, samples=dull, manifest=manifest(rules=[rule])))
    assert found.filters == ["length", "mine"]
    assert found.held["mine"] == "it is not here: its drops stay as they are"
    assert found.funnel(found.now)["dropped"].to_list() == [1, 1]
    assert found.funnel([0])["dropped"].to_list() == [2, 1]


def unknown_languages() -> tuple[pl.DataFrame, Filters]:
    filters = Filters.model_validate({"language": {}})
    kinds = filters.active()["language"].filter.columns
    nulls = {name: pl.Series([None], dtype=kind) for name, kind in kinds.items()}
    return samples(one=[1]).with_columns(**nulls), filters


def test_many_domains_are_told_apart_as_far_as_they_are_large():
    filters = Filters.model_validate({"length": {"max_tokens": 5}})
    names = [f"d{n:02}" for n in range(30)] + ["d00"]
    table = samples(tokens=[9] * 31, longest_paragraph=[1] * 31).with_columns(
        pl.col("tokens").cast(pl.Int32), domain=pl.Series(names)
    )
    found = stops(subject_of(table, filters))
    assert found.domains[0] == "d00"
    assert len(found.domains) == 20
    assert found.domains[-1] == "others"
    assert found.funnel(found.now)["entering"].sum() == 31


def test_it_is_packed_in_the_fewest_bytes():
    import base64
    import gzip
    import json

    found = lengths({"max_tokens": 40}, [10, 20, 30, 40, 50, None])
    packed = {name: gzip.decompress(base64.b64decode(one)) for name, one in found.packed().items()}
    told = json.loads(packed["told"])
    assert told["settings"][0]["values"][-1] is None
    kinds = told["tables"]["cells"]
    assert kinds == {
        "rows": 6,
        "columns": {"domain": "UInt8", "fixed": "UInt8", "r0": "UInt8", "n": "UInt8"},
    }
    assert packed["tables"][:6] == bytes(6)  # one domain
    assert packed["tables"][18:24] == bytes(found.cells["n"])
