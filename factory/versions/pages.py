"""The files of a version that are written from its other files and its manifest: pages for people,
and for machines that know Croissant."""

from __future__ import annotations

from pathlib import Path

from factory.versions.card import card, licence_of, licences
from factory.versions.card.check import check_card
from factory.versions.card.picture import draw_funnel
from factory.versions.croissant import croissant
from factory.versions.folder import card_of, croissant_of, license_of, picture_of, recipe_of
from factory.versions.manifest import Manifest
from factory.versions.statistics import read_statistics

PAGES = (card_of, croissant_of, license_of, picture_of, recipe_of)


def write_pages(folder: Path, manifest: Manifest) -> None:
    """Write the pages of a version; publishing writes them anew, under the version's name.

    Raises:
        StageError: the Hub, or whoever loads the dataset, would not take the card.
    """
    from ruamel.yaml import YAML

    for of in PAGES:
        of(folder).unlink(missing_ok=True)  # never written into: it may be another version's, too
    draw_funnel(manifest, picture_of(folder))
    with recipe_of(folder).open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(manifest.recipe, file)
    if licence_of(folder, manifest).own_file:
        listed = licences.license_text(manifest, read_statistics(folder))
        license_of(folder).write_text(listed, encoding="utf-8")
    croissant_of(folder).write_text(croissant(folder, manifest), encoding="utf-8")
    text = card(folder, manifest)
    there = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    check_card(text, there, card_of(folder))
    card_of(folder).write_text(text, encoding="utf-8")
