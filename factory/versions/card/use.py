"""The card's sections on using a version: load, verify, compare, cite."""

from __future__ import annotations

from pathlib import Path

from factory.versions.card.front_matter import forms_of
from factory.versions.card.markdown import section, table, text
from factory.versions.manifest import Manifest

BY_HAND = '''import hashlib, json
from datasets import load_dataset

digests = {{}}
for split in {splits}:
    for row in load_dataset({place}, "default", split=split{revision}):
        line = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        digests[row["sample_id"]] = hashlib.sha256(line.encode()).digest()
whole = hashlib.sha256(b"".join(digests[id] for id in sorted(digests))).hexdigest()
assert whole == "{digest}"'''


def load(folder: Path, manifest: Manifest) -> str:
    """How to load it, by tag and by commit, or from a folder; each of its forms."""
    split = next(iter(manifest.splits), "train")
    further = [form["config_name"] for form in forms_of(folder)[1:]]
    forms = ", ".join(f"`{name}`" for name in further)
    others = f"Further forms of the same data, by name in place of `default`: {forms}."
    if manifest.repo and manifest.version:
        repo, tag = manifest.repo, manifest.version
        code = (
            "from datasets import load_dataset\n"
            "from huggingface_hub import HfApi\n\n"
            f'rows = load_dataset("{repo}", "default", split="{split}", revision="{tag}")\n\n'
            "# A tag can be moved and a commit cannot: note this one, and load by it.\n"
            f'commit = HfApi().dataset_info("{repo}", revision="{tag}").sha\n'
            f'rows = load_dataset("{repo}", "default", split="{split}", revision=commit)'
        )
    else:
        code = (
            "from datasets import load_dataset\n\n"
            f'rows = load_dataset("FOLDER", "default", split="{split}")'
        )
    return section("How to load it", _code("python", code), others if further else "")


def verify(manifest: Manifest) -> str:
    """How to check it, with this program and without."""
    published = bool(manifest.repo and manifest.version)
    place = f"hf://{manifest.repo}@{manifest.version}" if published else "FOLDER"
    by_hand = BY_HAND.format(
        place=f'"{manifest.repo}"' if published else '"FOLDER"',
        revision=f', revision="{manifest.version}"' if published else "",
        splits=list(manifest.splits),
        digest=manifest.digest,
    )
    return section(
        "How to verify it",
        f"The content digest, a sha256 over the rows and nothing else, is `{manifest.digest}`. "
        "`manifest.json` has a digest of each file, `provenance.intoto.json` states what was made "
        "from what (in-toto, SLSA), `croissant.json` describes it for machines.",
        "With reasoning-factory installed:",
        _code("shell", f"factory verify {place}"),
        "Or with nothing but `datasets`:",
        _code("python", by_hand),
    )


def changes(manifest: Manifest) -> str:
    """What is different from the version that this one takes the place of."""
    parent = manifest.parent
    if parent is None:
        return ""
    name = parent.version or (f"v{parent.number}" if parent.number else "the version before")
    words = f"It takes the place of {text(name)}, whose content digest is `{parent.digest}`."
    return section("Changes since the last version", words, manifest.changes or "")


def software(manifest: Manifest) -> str:
    """What it was made with."""
    rows = [[name, version] for name, version in manifest.software.items()]
    return section("Made with", table(["package", "version"], rows))


def cite(manifest: Manifest) -> str:
    """How to cite it."""
    return section("Citation", _code("bibtex", bibtex(manifest)))


def bibtex(manifest: Manifest) -> str:
    """An entry for BibTeX."""
    version = manifest.version or (f"v{manifest.number}" if manifest.number else "")
    where = f"https://huggingface.co/datasets/{manifest.repo}" if manifest.repo else None
    fields = {
        "title": f"{manifest.name}: reasoning traces" + (f", version {version}" if version else ""),
        "author": manifest.repo.partition("/")[0] if manifest.repo else "",
        "year": manifest.created[:4],
        "url": where or "",
        "note": f"Content digest sha256:{manifest.digest}",
    }
    key = "".join(sign for sign in manifest.name if sign.isalnum()).lower() or "dataset"
    lines = [f"@misc{{{key}{manifest.created[:4]},"]
    lines += [f"  {name} = {{{_tex(value)}}}," for name, value in fields.items() if value]
    return "\n".join([*lines, "}"])


def _tex(value: str) -> str:
    """A value of BibTeX: nothing in it ends the field or is a command."""
    plain = "".join(sign for sign in value if sign not in "{}\\`")
    return plain if plain.startswith("https:") else plain.replace("_", r"\_").replace("&", r"\&")


def _code(language: str, lines: str) -> str:
    return f"```{language}\n{lines}\n```"
