"""Functions of a person's own that a recipe names: `module:function`, looked for beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationInfo

from factory.errors import RecipeError


def there(name: str, info: ValidationInfo) -> bool:
    """Whether a name is that of a function of a person's own; it is looked for where the recipe's
    folder is known.

    Raises:
        ValueError: it is, and there is no such function.
    """
    if ":" not in name:
        return False
    from filters import own

    if info.context and "home" in info.context and (wrong := own.fault(name, info.context["home"])):
        raise ValueError(wrong)
    return True


def check(names: Mapping[str, str]) -> None:
    """Import functions in a worker, and see that they can be called.

    Args:
        names: functions by the key that names them, `Recipe.own_code`.

    Raises:
        RecipeError: a module cannot be imported, or has no such function.
    """
    if not names:
        return
    from filters import own

    for key, name in names.items():
        if wrong := own.refused(name):
            raise RecipeError(f"{key}: {wrong}")


def identities(names: Sequence[str], home: Path) -> list[str]:
    """The functions among these names, each with a digest of its code.

    Raises:
        RecipeError: there is no such function.
    """
    if not (named := [name for name in names if ":" in name]):
        return []  # and all that judges need not be imported
    from filters import own

    try:
        return [own.identity(name, home) for name in named]
    except ValueError as error:
        raise RecipeError(str(error)) from None
