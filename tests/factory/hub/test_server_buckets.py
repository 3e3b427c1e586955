"""Our Hub's buckets, as Hugging Face's own client for Python and fsspec meet them."""

import itertools
from pathlib import Path

import pytest
from hub import Hub
from hub_examples import LARGE, OTHER, status_of
from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import BucketNotFoundError, EntryNotFoundError, HfHubHTTPError

RAW = "alice/raw"


@pytest.fixture
def raw(api: HfApi) -> str:
    """A private bucket with two files."""
    api.create_bucket(RAW, private=True)
    api.batch_bucket_files(RAW, add=[(LARGE, "draws/0.parquet"), (b"notes", "notes.txt")])
    return RAW


def test_a_bucket_is_made_once(api: HfApi, raw: str):
    assert api.create_bucket(raw, exist_ok=True).url.endswith("/buckets/alice/raw")
    with pytest.raises(HfHubHTTPError) as there:
        api.create_bucket(raw)
    assert status_of(there) == 409
    info = api.bucket_info(raw)
    assert (info.private, info.size, info.total_files) == (True, len(LARGE) + 5, 2)
    api.delete_bucket(raw)
    with pytest.raises(BucketNotFoundError):
        api.bucket_info(raw)


def test_files_come_back_as_they_were_sent(api: HfApi, raw: str, tmp_path: Path):
    files: list = [("draws/0.parquet", tmp_path / "a"), ("notes.txt", tmp_path / "b")]
    api.download_bucket_files(raw, files)
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (LARGE, b"notes")
    with pytest.raises(EntryNotFoundError):
        api.download_bucket_files(raw, [("none", tmp_path / "c")], raise_on_missing_files=True)


@pytest.mark.parametrize("page", [1, 1000])
def test_files_are_listed_replaced_and_deleted(local_hub: Hub, api: HfApi, raw: str, page: int):
    local_hub.settings.page = page
    api.batch_bucket_files(raw, add=[(OTHER, "notes.txt")])
    assert [e.path for e in api.list_bucket_tree(raw)] == ["draws", "notes.txt"]
    tree = api.list_bucket_tree(raw, recursive=True)
    assert {e.path: getattr(e, "size", None) for e in tree} == {
        "draws": None,
        "draws/0.parquet": len(LARGE),
        "notes.txt": len(OTHER),
    }
    api.batch_bucket_files(raw, delete=["notes.txt"])
    assert [e.path for e in api.get_bucket_paths_info(raw, ["notes.txt", "draws/0.parquet"])] == [
        "draws/0.parquet"
    ]
    with pytest.raises(HfHubHTTPError, match=r"none\.txt"):
        api.batch_bucket_files(raw, delete=["none.txt"])


def test_it_is_a_file_system(local_hub: Hub, api: HfApi, raw: str):
    files = HfFileSystem(endpoint=local_hub.endpoint, token=local_hub.token)
    files.pipe_file(f"buckets/{raw}/more/1.parquet", OTHER)
    assert files.glob(f"buckets/{raw}/**/*.parquet") == [
        "buckets/alice/raw/draws/0.parquet",
        "buckets/alice/raw/more/1.parquet",
    ]
    with files.open(f"buckets/{raw}/more/1.parquet", block_size=1000) as file:
        for start, stop in itertools.pairwise([0, 10, 5_000, 300_001]):
            file.seek(start)
            assert file.read(stop - start) == OTHER[start:stop]
    files.rm(f"buckets/{raw}/more/1.parquet")
    assert not files.exists(f"buckets/{raw}/more/1.parquet", refresh=True)


@pytest.mark.parametrize(("token", "status"), [("reader_token", 403), ("stranger_token", 404)])
def test_who_may_not_write_sends_nothing(
    local_hub: Hub, api: HfApi, raw: str, token: str, status: int
):
    other = HfApi(endpoint=local_hub.endpoint, token=getattr(local_hub, token))
    with pytest.raises(HfHubHTTPError) as refused:
        other.batch_bucket_files(raw, delete=["notes.txt"])
    assert status_of(refused) == status
    with pytest.raises(ConnectionError, match=str(status)):
        other.batch_bucket_files(raw, add=[(OTHER, "x")])
    assert api.bucket_info(raw).total_files == 2
