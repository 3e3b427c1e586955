"""The command: quick to answer, with an example on every page, and a place in every complaint."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import factory
from factory.cli import main
from factory.line import contexts
from factory.recipe import load
from factory.run_folder import RunFolder
from filters import FILTERS

ROOT = Path(__file__).parents[3]
MIXES = set((ROOT / "manifests").rglob("*-mix.yaml"))
"""Files of `factory versions mix`, which are no recipes."""
RECIPES = sorted(set((ROOT / "manifests").rglob("*.yaml")) - MIXES)
QUICKSTART = ROOT / "manifests" / "quickstart.yaml"

LIGHT = {"click", "factory"}
"""What `factory --help` may load beside the standard library."""


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_help_loads_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); from factory.cli import main; "
        "main(['--help'], standalone_mode=False); "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before}, file=sys.stderr)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.startswith("Usage:")
    loaded = set(process.stderr.split()) - sys.stdlib_module_names
    assert {name for name in loaded if not name.startswith("_")} == LIGHT


@pytest.mark.parametrize("name", [None, *main.commands])
def test_every_page_has_an_example_and_says_what_options_mean(name: str | None):
    result = call(*([name] if name else []), "--help")
    assert result.exit_code == 0
    assert f"  factory {name or 'run'}" in result.output.partition("Example")[2]
    command = main.commands[name] if name else main
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert all(option.help for option in options)


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (  # the place is that of the word that is wrong
            "name: x\nfilters:\n  lenght: {}\n",
            [":3:3: filters.lenght: unknown key; did you mean 'length'?"],
        ),
        (
            "name: x\nprompts: []\nseed: -1\n",
            [
                ":2:10: prompts: found a list of 0",
                ":3:7: seed: found -1",
                ": teacher: this key is mi",
            ],
        ),
        ("name: [x\n", ["not valid YAML"]),
        (  # there would be nobody to ask
            "name: x\nprompts: [{source: reasoning_gym, task: chain_sum, rows: 9}]\n"
            "teacher: {base: {path: some/model}}\nevaluate: {}\n",
            [":1:1: evaluate asks held-out prompts, and none of the prompts has held_out"],
        ),
        ("", [":1:1: the file is empty"]),
        (  # parts of a recipe that go together
            "name: x\nprompts: [{source: reasoning_gym, task: chain_sum, rows: 9}]\n"
            "teacher: {base: {path: some/model}}\ndataset: {select: {way: limo}}\n",
            ["dataset: `best` goes by the measures of filters.chain: write `chain: {}`"],
        ),
        (
            "name: x\nprompts: [{source: reasoning_gym, task: chain_sum, rows: 9}]\n"
            "teacher: {base: {path: some/model}}\n"
            "dataset:\n  select:\n    mix: [{name: a, domains: [math], share: 0.5}]\n",
            [":6:5: dataset.select: mix: the shares are 0.5 together, expected 1"],
        ),
        (  # a key that recipes once had
            "name: x\nprompts: [{source: reasoning_gym, task: chain_sum, rows: 9}]\n"
            "teacher: {base: {path: some/model}}\nsampling:\n  engine: vllm\n",
            [":5:3: sampling: the key `engine` is gone", "take the line out"],
        ),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_with_its_place(
    tmp_path: Path, command: str, text: str, said: list[str]
):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(text)
    result = call(command, recipe)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"factory: {recipe}:")
    for words in said:
        assert words in result.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["run", QUICKSTART.with_name("quickstrat.yaml")],
            "no such file; did you mean 'quickstart",
        ),
        (["check", ROOT], "this is a folder, expected a recipe"),
        (["status", ROOT / "manifests"], "no run folder, it has no recipe.json"),
        (["status", ROOT / "nowhere"], "'" + str(ROOT / "nowhere") + "' does not exist"),
        (["filters", "lenght"], "no filter is called 'lenght'; there are truncation, format"),
        (["rnu"], "No such command 'rnu'"),
        (["run", QUICKSTART, "--seed", "-1"], "-1 is not in the range x>=0"),
    ],
)
def test_what_is_not_there_is_named(arguments: list[str | Path], said: str):
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_run_whose_recipe_is_of_another_version_is_no_bug(tmp_path: Path):
    run = RunFolder(tmp_path)
    run.note(load(QUICKSTART), QUICKSTART.parent)
    noted = json.loads(run.noted_recipe.read_text())
    noted["recipe"]["sampling"]["engine"] = "vllm"
    run.noted_recipe.write_text(json.dumps(noted))
    result = call("status", tmp_path)
    assert result.exit_code == 2
    assert "noted by another version of this program: sampling: " in result.stderr
    assert "`factory run RECIPE` notes the recipe anew" in result.stderr


def test_a_failure_of_the_line_is_told_and_not_shown_as_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The folder is in use: exit code 1, and who is there."""
    from factory.line.run_lock import held

    monkeypatch.chdir(tmp_path)
    with held(RunFolder(tmp_path / "run")):
        result = call("run", QUICKSTART, "--into", tmp_path / "run")
    assert result.exit_code == 1
    assert "is in use by process" in result.stderr


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_recipe_loads(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(contexts, "hub_config", lambda model: None)
    result = call("check", path)
    assert result.exit_code == 0, result.stderr
    assert f"{path}: good; stages: prompts, " in result.output
    assert "teacher-base, teacher" in result.output.replace(" judge,", "")
    assert " teacher, " in result.output


def test_check_tells_what_the_environment_lacks(tmp_path: Path):
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "name: mine\n"
        "prompts: [{source: reasoning_gym, task: chain_sum, rows: 10}]\n"
        "teacher: {base: {endpoint: 'http://127.0.0.1:1/v1', model: m, api_key_env: NO_SUCH_KEY}}\n"
    )
    result = call("check", path)
    assert result.exit_code == 0, result.stderr
    assert "here the environment variable NO_SUCH_KEY, which the recipe names as the key of " in (
        result.output
    )


def test_there_are_recipes():
    assert QUICKSTART in RECIPES


def test_filters_are_listed_and_each_has_a_page():
    listed = call("filters").output
    assert [line.split()[0] for line in listed.splitlines()] == list(FILTERS)
    for name, filter in FILTERS.items():
        page = call("filters", name).output
        assert ">>>" in page  # an example, which the doctests run
        for setting in filter.model_fields:
            assert f"\n{setting} (default " in page
        assert "None: None" not in page


def test_the_schema_that_is_shipped_is_that_of_the_recipe():
    shipped = Path(factory.__file__).with_name("recipe").joinpath("recipe.schema.json").read_text()
    again = "run `factory schema > factory/recipe/recipe.schema.json`"
    assert shipped == call("schema").output, again
    shipped = Path(factory.__file__).with_name("versions").joinpath("manifest.schema.json")
    again = "run `factory schema --manifest > factory/versions/manifest.schema.json`"
    assert shipped.read_text() == call("schema", "--manifest").output, again


def test_the_schema_explains_every_key():
    schema = json.loads(call("schema").output)
    parts = {"Recipe": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, field in part.get("properties", {}).items()
        if not {"description", "const"} & field.keys()
        and "description" not in parts.get(field.get("$ref", "").rsplit("/")[-1], {})
    ]
    assert silent == []


def test_the_schema_accepts_what_loads():
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema (pip install jsonschema)")
    from ruamel.yaml import YAML

    for path in RECIPES:
        data = YAML(typ="safe").load(path.read_text())
        jsonschema.validate(data, json.loads(call("schema").output))
        assert load(path).name == data["name"]
