"""`factory reverify` shows what would turn, and applies it only when told."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from runs import NO, RIGHT, WRONG, YES, call, made, now, run_of

from factory.audit.reverify import opened
from factory.cli import main
from factory.errors import RecipeError
from factory.run_folder import RunFolder
from factory.store import verdicts


def test_the_command_shows_and_applies_only_when_told(tmp_path: Path):
    context = run_of(tmp_path, {"p": [(WRONG, YES)], "q": [(RIGHT, NO)]})
    made(context)
    (tmp_path / "samples" / "stage.json").write_text("{}")
    shown = call("reverify", tmp_path)
    assert "incorrect: wrong_answer" in shown
    assert "prompts want more draws then" in shown
    assert "--apply lets these verdicts count" in shown
    assert (tmp_path / "samples" / "stage.json").exists()
    assert now(context) == [YES, NO]

    assert "these verdicts count now" in call("reverify", tmp_path, "--apply")
    assert now(context) == [NO, YES]
    assert not (tmp_path / "samples" / "stage.json").exists()  # the next run looks at them
    assert "no verdict turned" in call("reverify", tmp_path)
    assert verdicts.applied(RunFolder(tmp_path).rounds("samples")) == [
        path.name for path in RunFolder(tmp_path).rounds("samples").iterdir() if path.is_dir()
    ]


@pytest.mark.parametrize("command", ["reverify", "keys"])
def test_a_folder_without_draws_is_refused(tmp_path: Path, command: str):
    result = CliRunner().invoke(main, [command, str(tmp_path)])
    assert result.exit_code == 2
    assert "no run folder, it has no recipe.json" in result.stderr
    run_of(tmp_path, {})
    with pytest.raises(RecipeError, match="no draws are sealed yet"):
        opened(RunFolder(tmp_path))
