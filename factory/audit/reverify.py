"""Judging a run's stored draws again by today's verifiers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from factory.errors import RecipeError
from factory.line.context import Context
from factory.line.judge_stage import asking
from factory.records import digest
from factory.run_folder import RunFolder
from factory.sampler.judging import Ask
from factory.sampler.rejudge import Round, judged_by
from factory.store import verdicts
from factory.store.shards import Shards
from filters import own
from filters.verifiers.code import sandbox


def opened(run: RunFolder) -> Context:
    """A run's recipe, prompts and draws.

    Raises:
        RecipeError: it has none.
    """
    recipe, home = run.recipe()
    own.look_in(home)
    sandbox.allow(recipe.allow_unsandboxed)
    sandbox.provide(recipe.sandbox_packages, home)
    context = Context(recipe, home, run, "samples", lambda *_, **__: None)
    if not run.prompt_table.exists() or not run.stage("samples").exists():
        raise RecipeError(f"{run.path}: no draws yet; `factory run` makes them")
    if recipe.judge and not run.done("judge").exists():
        raise RecipeError(f"{run.path}: its judge was not found yet; `factory run` does that")
    if not Shards(context.draws().place).numbers():
        raise RecipeError(
            f"{run.path}: no draws are sealed yet; `factory run` does that when it ends"
        )
    return context


@contextlib.contextmanager
def judge_of(context: Context) -> Iterator[Ask | None]:
    """The run's judge, who is asked about answers that it has not judged; None: it has none."""
    if context.recipe.judge is None:
        yield None
        return
    judging = context.judging()
    assert judging
    with asking(judging, context.run.judged("samples")) as ask:
        yield ask


def begin(run: RunFolder, only: Sequence[str] = ()) -> Round:
    """The round that follows those that count now; one that was interrupted is taken up again.

    It is named after the verifiers, `only`, and the rounds before it.
    """
    folder, chosen = run.rounds("samples"), tuple(sorted(only))
    judges = judged_by(run.prompts()["verifier"].unique())
    name = digest(judges, chosen, verdicts.applied(folder))[:12]
    return Round(folder / name, judges, chosen, verdicts.current(folder))
