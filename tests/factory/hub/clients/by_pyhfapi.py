"""A client generated from the Hub's own OpenAPI; it refuses every answer of another form.

Arguments: the server's address, a token, `datasets` or `models`. Writes JSON: what it found.
"""

import base64
import json
import sys
import typing

from pyhfapi import HuggingFace  # pyrefly: ignore[missing-import]
from pyhfapi.types.api import repo_create_params  # pyrefly: ignore[missing-import]

endpoint, token, kind = sys.argv[1:]
client = HuggingFace(
    base_url=endpoint,
    api_key=token,
    default_headers={"Authorization": f"Bearer {token}"},
    max_retries=0,
    _strict_response_validation=True,
)
rooms = getattr(client.api, kind)
place = {"namespace": "alice", "repo": "checked"}


def file(path: str, content: bytes) -> dict:
    encoded = base64.b64encode(content).decode()
    return {"key": "file", "value": {"path": path, "content": encoded, "encoding": "base64"}}


client.api.repos.create(type=kind.removesuffix("s"), name="checked")
paths = (".gitattributes", "README.md", "data/rows.parquet")
asked = rooms.check_preupload(
    "main", **place, files=[{"path": path, "sample": "", "size": 10} for path in paths]
)
lines = [
    {"key": "header", "value": {"summary": "first", "parentCommit": asked.commit_oid}},
    file("README.md", b"---\nlicense: mit\n---\n"),
    file("data/a.txt", b"a"),
]
committed = rooms.commit(
    "main",
    **place,
    extra_headers={"Content-Type": "application/x-ndjson"},
    extra_body="\n".join(map(json.dumps, lines)).encode(),
)
rooms.tag.create(committed.commit_oid, **place, tag="1.0.0", message="the first")
rooms.branch.create("more", **place, starting_point="1.0.0")
refs = rooms.list_refs("checked", namespace="alice", include_prs=True)
tree = rooms.list_tree_content("data", **place, rev="1.0.0", recursive=True, expand=True)
large = rooms.list_tree_content("data", namespace="alice", repo="large", rev="main", expand=True)
infos = rooms.list_paths_info("1.0.0", **place, paths=["README.md", "data"], expand=True)
commits = rooms.list_commits("1.0.0", **place)
written = rooms.get_xet_write_token("main", **place)
read = rooms.get_xet_read_token("main", **place)
rooms.update_settings("checked", namespace="alice", private=True)
squashed = rooms.super_squash("main", **place, message="one")
rooms.tag.delete("1.0.0", **place)
rooms.branch.delete("more", **place)

(create,) = (v for n, v in vars(repo_create_params).items() if n == "Variant0")
print(
    json.dumps(
        {
            "modes": [asked_file.upload_mode for asked_file in asked.files],
            "success": committed.success,
            "tags": {tag.name: tag.target_commit == committed.commit_oid for tag in refs.tags},
            "branches": [branch.name for branch in refs.branches],
            "tree": [entry.path for entry in tree],
            "changed by": {entry.last_commit.title for entry in tree}.pop(),
            "large": [(entry.path, entry.size, entry.lfs is not None) for entry in large],
            "infos": [info.type for info in infos],
            "commits": [commit.title for commit in commits],
            "xet": written.cas_url == read.cas_url,
            "squashed": squashed.commit_id != committed.commit_oid,
            "licenses": sorted(typing.get_args(typing.get_type_hints(create)["license"])),
        }
    )
)
