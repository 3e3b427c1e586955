"""What our Hub computes itself, against the programs whose work it is: git, hf_xet."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from hub import Hub, cards, git
from hub.storage import Storage, hf_xet
from hub_examples import LARGE, SHARD, commit, first_version
from huggingface_hub import CommitOperationAdd, HfApi


def test_files_folders_and_commits_have_the_ids_that_git_gives(tmp_path: Path):
    files = {"a.txt": b"a", "a/b.txt": b"b", "a/c/d.txt": b"", "a-b/e": b"e\n", "z": b"\0"}
    for path, data in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def run(*arguments: str, text: str = "") -> str:
        command = ["git", "-C", str(tmp_path), *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True).stdout.strip()

    run("init", "-q")
    run("add", "-A")
    tree = run("write-tree")
    ids = git.folder_ids({path: git.blob_id(data) for path, data in files.items()})
    assert ids[""] == tree
    assert ids["a/c"] == run("rev-parse", f"{tree}:a/c")
    parent = None
    for title in ("first", "second"):
        made = git.commit_id(tree, parent, "alice", 1_700_000_000, f"{title}\n\nmore")
        who = "alice <alice@users.noreply.localhost> 1700000000 +0000"
        above = f"parent {parent}\n" if parent else ""
        raw = f"tree {tree}\n{above}author {who}\ncommitter {who}\n\n{title}\n\nmore\n"
        assert made == run("hash-object", "-t", "commit", "-w", "--stdin", text=raw)
        parent = made
    assert run("log", "--format=%s", str(parent)).split() == ["second", "first"]


def test_xet_s_shards_say_which_of_its_files_has_which_sha256(tmp_path: Path):
    storage = Storage(tmp_path / "hub")
    for data in (LARGE, LARGE + b"more", b"small", b"x" * 300_000):
        file = tmp_path / "file"
        file.write_bytes(data)
        (known,) = hf_xet.hash_files([str(file)])
        stored = storage.put_into_xet(data)
        sha256 = hashlib.sha256(data).hexdigest()
        assert stored == (sha256, known.hash, len(data))
        assert storage.in_xet(known.hash) == stored
        assert storage.object(sha256).read_bytes() == data
    assert storage.in_xet("0" * 64) is None


@pytest.mark.parametrize(
    ("front", "error"),
    [
        ("license: mit", ""),
        ("license: [mit, other]\nlanguage: zh\nsize_categories: n<1K", ""),
        ("license: MIT", '"license" must be one of'),
        ("language: English", '"language"'),
        ("size_categories: 5", '"size_categories"'),
        ("configs:\n  default: x", '"configs" must be an array'),
        ("configs:\n- data_files: x", '"config_name"'),
        ("tags: [1]", '"tags" must be a string'),
        ("- a", "no mapping"),
        ("a: [", "YAML Metadata Error"),
    ],
)
def test_a_card_is_looked_at_as_the_hub_does(front: str, error: str):
    errors = cards.check(f"---\n{front}\n---\n# Rows\n", "dataset")["errors"]
    assert [error in told["message"] for told in errors] == ([True] if error else [])


def test_a_card_without_yaml_is_only_warned_of():
    report = cards.check("# Rows\n", "dataset")
    assert (report["errors"], len(report["warnings"])) == ([], 1)


def test_the_same_bytes_are_stored_once(local_hub: Hub, api: HfApi, tmp_path: Path):
    first_version(api)
    stored = sum(f.stat().st_size for f in (tmp_path / "hub").rglob("*") if f.is_file())
    commit(api, CommitOperationAdd(SHARD, LARGE + b"a little more"))
    after = sum(f.stat().st_size for f in (tmp_path / "hub").rglob("*") if f.is_file())
    assert after - stored < len(LARGE) / 3
