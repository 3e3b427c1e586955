"""Where a model's weights are: a folder of the run, a folder of the user's, or the Hub's cache."""

from __future__ import annotations

import os
from pathlib import Path

from factory.errors import RecipeError
from factory.recipe.models import OUR_TEMPLATES, Weights
from factory.recipe.served import Served
from factory.recipe.strict import Strict
from factory.records import digest, file_digest


class Located(Strict):
    """A model's place and identity, as `model.json` in a stage's folder has it."""

    path: str
    """Folder with weights, configuration and tokenizer; empty where another machine has it."""
    name: str
    """What people call it: the Hub's name, or the folder's."""
    revision: str | None = None
    """Commit on the Hub."""
    digest: str
    """Digest of what is in the folder, of name and commit on the Hub, or of how it is asked."""
    template: str | None = None
    """Chat template that the recipe names: one of ours by its name, or a file's text."""
    thinking_tags: tuple[str, str] | None = None
    """What opens and closes its thinking, where a recipe says so or we have taught it so."""

    def identity(self) -> str:
        """Digest of the model and of what the recipe says of its template and tags."""
        told = [self.template, self.thinking_tags]
        return digest(self.digest, *told) if any(told) else self.digest

    def note(self, folder: Path, within: Path | None = None) -> None:
        """Write `model.json` into a stage's folder; a run that is moved takes its models along.

        `within`: the folder that is moved as one, where that is not the run's.
        """
        path = Path(self.path).resolve()
        if path.is_relative_to((within or folder.parent).resolve()):
            path = Path(os.path.relpath(path, folder.resolve()))
        noted = self.model_copy(update={"path": self.path and str(path)})
        _file(folder).write_text(noted.model_dump_json(indent=1))


def _file(folder: Path) -> Path:
    return folder / "model.json"


def is_noted(folder: Path) -> bool:
    """Whether a stage's folder has a model's note."""
    return _file(folder).exists()


def at(folder: Path | str) -> Located:
    """The model in a folder, by its own template and tags; nobody asks for its identity."""
    return Located(path=str(folder), name=Path(folder).name, digest="")


def made_here(weights: Path, name: str, thinking_tags: tuple[str, str] | None = None) -> Located:
    """The model whose weights a stage wrote into this folder; notes it in the stage's own."""
    located = Located(
        path=str(weights.resolve()),
        name=name,
        digest=file_digest(weights),
        thinking_tags=thinking_tags,
    )
    located.note(weights.parent)
    return located


def find(weights: Weights, home: Path) -> Located:
    """A model that exists: a folder (relative to the recipe's), else a repository on the Hub; with
    the template and the tags that the recipe names.

    Raises:
        RecipeError: when it is neither.
    """
    return _find(weights, home).model_copy(update=_told(weights, home))


def here(weights: Weights, home: Path) -> Located | None:
    """The same without its identity, which takes long; None where its tokenizer would have to be
    fetched."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    folder = home / Path(weights.path).expanduser()
    if not (folder / "config.json").exists():
        name, file = weights.path, "tokenizer_config.json"
        try:
            cached = try_to_load_from_cache(name, file, revision=weights.revision)
        except HFValidationError:
            return None
        if not isinstance(cached, str):
            return None
        folder = Path(cached).parent
    found = Located(path=str(folder), name=weights.path, digest="")
    return found.model_copy(update=_told(weights, home))


TOKENIZER_FILES = ("*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken")
"""What of a repository is needed to read and write a model's text."""


def only_tokenizer(weights: Weights, home: Path) -> Located:
    """A model of which only the tokenizer is needed: a folder, or files from the Hub's cache, which
    are fetched where they are not there.

    Raises:
        RecipeError: it is neither a folder nor on the Hub.
    """
    if found := here(weights, home):
        return found
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            weights.path, revision=weights.revision, allow_patterns=[*TOKENIZER_FILES]
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise _nowhere(weights, home, error) from error
    found = Located(path=folder, name=weights.path, revision=Path(folder).name, digest="")
    return found.model_copy(update=_told(weights, home))


def _nowhere(weights: Weights, home: Path, error: Exception) -> RecipeError:
    folder = home / Path(weights.path).expanduser()
    return RecipeError(
        f"model {weights.path}: {folder} is no folder with a config.json, and the Hub does not "
        f"give it either ({type(error).__name__}: {str(error).splitlines()[0]})"
    )


def _told(weights: Weights, home: Path) -> dict[str, object]:
    """What a recipe says of template and tags, files read."""
    template = weights.template
    if template is not None and template not in OUR_TEMPLATES:
        template = (home / Path(template).expanduser()).read_text()
    return {"template": template, "thinking_tags": weights.thinking_tags}


def _find(weights: Weights, home: Path) -> Located:
    folder = home / Path(weights.path).expanduser()
    if (folder / "config.json").exists():
        return Located(path=str(folder.resolve()), name=folder.name, digest=file_digest(folder))
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        snapshot = Path(snapshot_download(weights.path, revision=weights.revision))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise _nowhere(weights, home, error) from error
    commit = snapshot.name
    return Located(
        path=str(snapshot),
        name=weights.path,
        revision=commit,
        digest=digest(weights.path, commit),
    )


SAME_ANSWERS = ("return_token_ids", "return_tokens_as_token_ids", "stream_options", "user")
"""Fields of a request that change how an answer is sent, and not what it says."""


def elsewhere(served: Served) -> Located:
    """A model behind an endpoint: known by its name there and how it is asked, not by its address:
    a server that has moved is the same teacher."""
    extra = {name: value for name, value in served.extra.items() if name not in SAME_ANSWERS}
    asked = (served.model, served.opens_thinking, extra)
    tags, left = served.thinking_tags, sorted({"temperature", "top_p"} & set(served.without))
    others = [each for each in (tags, left) if each]
    return Located(path="", name=served.model, digest=digest(*asked, *others))


def located(folder: Path) -> Located:
    """What `model.json` in a stage's folder says."""
    noted = Located.model_validate_json(_file(folder).read_bytes())
    path = noted.path and str((folder / noted.path).resolve())
    return noted.model_copy(update={"path": path})
