"""The versions that a repository on the Hub has: its tags."""

from __future__ import annotations

from pathlib import Path

from factory.errors import StageError
from factory.hub.place import local, on_the_hub
from factory.versions import manifest as manifests
from factory.versions.folder import MANIFEST, index_of
from factory.versions.history import Known


def versions_at(place: str) -> list[Known]:
    """The versions that `hf://org/name` has, by their tags; only manifest and index are fetched.

    Raises:
        StageError: the Hub does not give them, or no tag is a version.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    named = on_the_hub(place)
    assert named  # the caller has seen that it is on the Hub
    try:
        tags = HfApi().list_repo_refs(named.repo, repo_type="dataset").tags
    except (HfHubHTTPError, OSError) as error:
        raise StageError(f"{place}: could not be read from the Hub: {error}") from None
    found = []
    for tag in tags:
        folder = local(f"hf://{named.repo}@{tag.name}", (MANIFEST, index_of(Path()).name))
        if manifests.readable(folder):
            published = (f"{named.repo}@{tag.name}",)
            found.append(Known(folder, manifests.read(folder), published))
    if not found:
        raise StageError(f"{place}: none of its {len(tags)} tags is a dataset version")
    return found
