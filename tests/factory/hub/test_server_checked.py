"""Our Hub as programs meet it that nobody here wrote: two other clients, a later
one, and a mirror."""

import contextlib
import hashlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checkers import checker, node_checker
from hub import COMMIT, Hub
from hub.cards import LICENSES
from hub_examples import CARD, DATASET, LARGE, SHARD, commit, first_version, version
from huggingface_hub import CommitOperationAdd, HfApi

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLIENTS = Path(__file__).parent / "clients"
SHA256 = hashlib.sha256(LARGE).hexdigest()


def told(command: list[str | Path], environment: dict[str, str] | None = None) -> Any:
    """The JSON that a client writes."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["datasets", "models"])
def test_its_answers_have_the_form_that_the_hub_s_openapi_says(
    local_hub: Hub, api: HfApi, kind: str
):
    """`pyhfapi` is generated from it, and validates strictly."""
    python = checker("pyhfapi")
    large: dict[str, Any] = {"repo_id": "alice/large", "repo_type": kind.removesuffix("s")}
    api.create_repo(**large)
    added = [CommitOperationAdd("data/weights.bin", LARGE)]
    api.create_commit(**large, operations=added, commit_message="large")
    found = told([python, CLIENTS / "by_pyhfapi.py", local_hub.endpoint, local_hub.token, kind])
    assert set(found.pop("licenses")) == LICENSES
    assert found == {
        "modes": ["regular", "regular", "lfs"],
        "success": True,
        "tags": {"1.0.0": True},
        "branches": ["main", "more"],
        "tree": ["data/a.txt"],
        "changed by": "first",
        "large": [["data/weights.bin", len(LARGE), True]],
        "infos": ["file", "directory"],
        "commits": ["first", "initial commit"],
        "xet": True,
        "squashed": True,
    }


def test_an_answer_of_another_form_would_be_found(local_hub: Hub):
    python = checker("pyhfapi")
    local_hub.faults.answer(COMMIT, 200)  # a body with an error in it, and nothing else
    command = [python, CLIENTS / "by_pyhfapi.py", local_hub.endpoint, local_hub.token, "datasets"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "APIResponseValidationError" in done.stderr


def test_hugging_face_s_client_for_javascript_publishes_and_reads(local_hub: Hub, api: HfApi):
    first_version(api)
    commit(api, *version(b"of a later version"))
    folder = node_checker("huggingface-hub-js")
    script = CLIENTS / "by_javascript.mjs"
    found = told(["node", script, folder, local_hub.endpoint, local_hub.token])
    assert found == {
        "name": "alice",
        "stale": 412,
        "files": [
            [".gitattributes", "file", None],
            ["README.md", "file", None],
            ["data", "directory", None],
            [SHARD, "file", SHA256],
        ],
        "titles": ["1.0.0", "initial commit"],
        "size": len(LARGE),
        "etag": f'"{SHA256}"',
        "shard": SHA256,
        "weights": 100_000,
        "paths": ["README.md"],
        "missing": None,
        "exists": [True, True, False],
        "private": True,
        "dataset": "alice/rows",
        "commit": 40,
    }


NEXT = """
import json, sys
from pathlib import Path
import huggingface_hub as client
place = {"repo_id": "alice/rows", "repo_type": "dataset", "revision": "1.0.0"}
folder = Path(client.snapshot_download(**place))
print(json.dumps([client.__version__, folder.name, (folder / sys.argv[1]).stat().st_size]))
"""


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "http"])
def test_the_next_major_version_of_the_client_reads_it_too(
    local_hub: Hub, api: HfApi, tmp_path: Path, xet: bool
):
    """The environment of `olah` has `huggingface_hub` 2."""
    python = checker("olah")
    made = first_version(api)
    commit(api, *version(b"of a later version"))
    environment = local_hub.environment(tmp_path / "home", xet)
    number, name, size = told([python, "-c", NEXT, SHARD], environment)
    assert (number.partition(".")[0], name, size) == ("2", made, len(LARGE))


@contextlib.contextmanager
def mirroring(hub: Hub, folder: Path) -> Iterator[str]:
    """`olah` in front of our Hub: it reads the answers, and gives its own."""
    program = checker("olah").parent / "olah-cli"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = f"127.0.0.1:{port}"
    behind = hub.endpoint.removeprefix("http://")
    options = {"host": "127.0.0.1", "port": str(port), "repos-path": str(folder / "repos")}
    options |= {"hf-scheme": "http", "hf-netloc": behind, "hf-lfs-netloc": behind}
    options |= {"mirror-scheme": "http", "mirror-netloc": place, "mirror-lfs-netloc": place}
    options |= {"log-path": str(folder / "log")}
    command = [program, *(f"--{name}={value}" for name, value in options.items())]
    folder.mkdir()
    with (folder / "output").open("wb") as output:
        mirror = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        while True:
            assert mirror.poll() is None, (folder / "output").read_text()[-3000:]
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.1)
        yield f"http://{place}"
    finally:
        mirror.terminate()
        mirror.wait(60)


def test_a_mirror_in_front_of_it_serves_the_same_version(
    local_hub: Hub, api: HfApi, tmp_path: Path
):
    made = first_version(api)
    commit(api, *version(b"of a later version"))
    with mirroring(local_hub, tmp_path / "mirror") as address:
        mirrored = HfApi(endpoint=address, token=local_hub.token)
        (tag,) = mirrored.list_repo_refs(**DATASET).tags
        assert (tag.name, tag.target_commit) == ("1.0.0", made)
        assert mirrored.dataset_info(DATASET["repo_id"], revision="1.0.0").sha == made
        tree = mirrored.list_repo_tree(**DATASET, recursive=True, revision="1.0.0")
        assert [entry.path for entry in tree] == [".gitattributes", "README.md", "data", SHARD]
        paths = mirrored.get_paths_info(**DATASET, paths=["README.md"], revision="1.0.0")
        assert [(entry.path, getattr(entry, "size", 0)) for entry in paths] == [
            ("README.md", len(CARD))
        ]
        titles = [c.title for c in mirrored.list_repo_commits(**DATASET, revision="1.0.0")]
        assert titles == ["1.0.0", "initial commit"]
        shard = mirrored.hf_hub_download(
            **DATASET, filename=SHARD, revision="1.0.0", cache_dir=tmp_path / "cache"
        )
        assert hashlib.sha256(Path(shard).read_bytes()).hexdigest() == SHA256
