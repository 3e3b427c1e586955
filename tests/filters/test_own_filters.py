"""A filter of one's own, written as docs/own-filter.md says, from the recipe to the dataset."""

import doctest
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML
from runs import call, made, run_of

from factory.line.table import named
from factory.run_folder import RunFolder
from filters import FILTERS, Filters
from filters.own_filters import load

PAGE = (Path(__file__).parents[2] / "docs" / "own-filter.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
(RECIPE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
YES = ("correct", None)
DRAWS = {
    "p": [(r"<think>so</think> It is \boxed{5}", YES)],
    "q": [(r"<think>so</think> I guess, perhaps \boxed{5}", YES)],
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a recipe, with the file of the page in it."""
    (tmp_path / "my_filters.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def from_page(**settings: Any) -> Any:
    filters = YAML(typ="safe").load(RECIPE)["filters"]
    return filters | {"own": {"my_filters:Hedging": settings}} if settings else filters


def test_the_example_of_the_page_is_true(home: Path):
    module = load("my_filters:Hedging", home).__module__
    done = doctest.testmod(__import__("sys").modules[module])
    assert (done.attempted, done.failed) == (1, 0)


def test_it_drops_and_is_stored_and_told_like_ours(home: Path):
    context = run_of(home / "run", DRAWS, filters=from_page(max_hedges=1))
    made(context)
    run = context.run
    decided = pl.read_parquet(run.version(1) / "decisions.parquet")
    told = decided.sort("prompt_id").select("prompt_id", "dropped_by", "reasons", "hedges")
    assert told.rows() == [("p", None, [], 0), ("q", "hedging", ["hedging"], 2)]
    assert run.rows()["hedges"].to_list() == [0]  # the dataset has the measure
    manifest = run.manifest()
    assert manifest
    assert [rule.filter for rule in manifest.rules] == ["correctness", "hedging"]
    assert re.fullmatch(r"1-[0-9a-f]{12}", manifest.made_by["measures"]["hedging"])


def test_a_threshold_measures_nothing_again_and_a_changed_file_does(home: Path):
    def stored() -> list[str]:
        return sorted(path.name for path in (home / "run" / "measures").iterdir())

    context = run_of(home / "run", DRAWS, filters=from_page(max_hedges=1))
    made(context)
    (first,) = stored()
    run_of_two = from_page(max_hedges=2)
    loose = context.recipe.model_copy(update={"filters": Filters.model_validate(run_of_two)})
    assert named("measures").reads(loose) == named("measures").reads(context.recipe)
    made(type(context)(loose, home, context.run, "dataset", context.report))
    assert stored() == [first]
    assert context.run.rows().height == 2

    (home / "my_filters.py").write_text(CODE.replace("perhaps|", ""))
    changed = loose.model_copy(update={"filters": Filters.model_validate(from_page(max_hedges=1))})
    assert named("measures").reads(changed) != named("measures").reads(loose)
    made(type(context)(changed, home, context.run, "dataset", context.report))
    assert len(stored()) == 2
    assert first in stored()
    assert context.run.rows()["hedges"].to_list() == [0, 1]


def test_a_run_finds_it_in_the_recipe_s_folder_from_wherever_it_is_asked(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
):
    context = run_of(home / "run", DRAWS, filters=from_page(max_hedges=1))
    context.run.note(context.recipe, home)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    recipe, _ = RunFolder(home / "run").recipe()
    assert recipe == context.recipe


def test_what_it_imports_from_its_folder_is_found_and_counts(home: Path):
    (home / "my_filters.py").write_text(f"{CODE}\nfrom my_words import WORDS\n")
    stamps = []
    for words in ("maybe", "perhaps"):
        (home / "my_words.py").write_text(f"WORDS = {words!r}\n")
        filters = Filters.model_validate(from_page(), context={"home": home})
        stamps.append(filters.active()["hedging"].filter.stamp())
    assert stamps[0] != stamps[1]


def test_the_command_line_lists_it_and_prints_its_page(home: Path):
    recipe = home / "mine.yaml"
    start = "prompts: [{source: reasoning_gym, task: chain_sum, rows: 9}]\n"
    recipe.write_text(f"name: mine\n{start}teacher: {{base: {{tiny: qwen2, rows: 100}}}}\n{RECIPE}")
    listed = call("filters", "--recipe", recipe).splitlines()
    assert [line.split()[0] for line in listed] == ["correctness", "hedging"]
    for page in (
        call("filters", "my_filters:Hedging"),
        call("filters", "hedging", "--recipe", recipe),
    ):
        assert "Reasons: hedging, hedging_not_measured" in page
        assert "max_hedges (default 0): Most words of doubt" in page
    assert ": good; stages: " in call("check", recipe)


@pytest.mark.parametrize(
    ("named", "code", "words"),
    [
        ("Hedging", CODE, "is no MODULE:CLASS, as `my_filters:GivingUp`"),
        ("my_filters:Hedgin", CODE, "has no class Hedgin .*; its filters: Hedging"),
        ("my_filters:Field", CODE, "has no class Field"),
        ("not_there:Hedging", CODE, r"no file .*not_there.py, and no package not_there is inst"),
        ("my_filters:Hedging", "import nowhere", "cannot be imported: No module named 'nowhere'"),
        ("my_filters:Hedging", "1 / 0", "cannot be imported: ZeroDivisionError: division by"),
        ("my_filters:Hedging", "def", "cannot be imported: SyntaxError"),
        ("my_filters:Hedging", CODE.replace("measure(", "meazure("), "lacks measure: docs/own"),
        ("my_filters:Hedging", CODE.replace('"hedging"\n', '"My Own"\n'), "expected small letters"),
        ("my_filters:Hedging", CODE.replace('("response",)', '("respons",)'), "reads respons; the"),
        ("my_filters:Hedging", CODE.replace("hedges", "answer"), "a column 'answer' already"),
        ("my_filters:Hedging", CODE.replace("hedges", "tokens"), "length measures 'tokens' alre"),
        ("my_filters:Hedging", CODE.replace('"hedging"\n', '"length"\n'), "has the name 'length'"),
    ],
)
def test_what_is_wrong_with_it_is_said(home: Path, named: str, code: str, words: str):
    (home / "my_filters.py").write_text(code)
    with pytest.raises(ValidationError, match=words):
        Filters.model_validate({"own": {named: {}}}, context={"home": home})


def test_its_settings_are_checked(home: Path):
    with pytest.raises(ValidationError, match="my_filters:Hedging: max_hedges: Input should be"):
        Filters.model_validate(from_page(max_hedges=-1), context={"home": home})


def test_the_project_s_filters_do_not_change(home: Path):
    Filters.model_validate(from_page(), context={"home": home})
    assert "hedging" not in FILTERS
    assert all(filter.source is None for filter in FILTERS.values())
