"""A Hub of our own on loopback, with the side that writes: no registry has a server that does.

    with serving_hub(tmp_path / "hub") as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        hub.faults.answer(COMMIT, 503)

It speaks what `huggingface_hub`, `datasets` and `@huggingface/hub` ask of datasets and models, and
has buckets.
Large files come by hf_xet's own store in a folder, or by LFS. By hand, see
``python tests/support/hub --help``.

Differs from the Hub: no pull requests, spaces, or namespaces beside those of its accounts; files
are given by the server itself, with no redirect to a network of caches; any repository finds the
large files that another has received.
"""

from hub.faults import (
    COMMIT,
    FILE,
    INFO,
    LFS_BATCH,
    LFS_PUT,
    PREUPLOAD,
    TAG,
    XET_TOKEN,
    Fault,
    Faults,
    Held,
)
from hub.running import Hub, serving_hub
from hub.server import Asked, Settings

__all__ = [
    "COMMIT",
    "FILE",
    "INFO",
    "LFS_BATCH",
    "LFS_PUT",
    "PREUPLOAD",
    "TAG",
    "XET_TOKEN",
    "Asked",
    "Fault",
    "Faults",
    "Held",
    "Hub",
    "Settings",
    "serving_hub",
]
