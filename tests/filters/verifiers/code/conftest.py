"""What hostile programs must not reach."""

import os
import socket
from pathlib import Path

import pytest
from boxed import LEFT, SECRET


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What a program must not reach: a file, a variable, a socket of each kind, this process."""
    private = tmp_path_factory.mktemp("private") / "secret"
    private.write_text(SECRET)
    os.environ["SECRET"] = SECRET
    with socket.socket(socket.AF_INET) as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        unix.bind(f"\0sandbox-test-{os.getpid()}")
        for listener in (tcp, unix):
            listener.listen()
            listener.setblocking(False)
        yield {
            "FILE": str(private),
            "HOME": os.path.expanduser("~"),
            "PORT": tcp.getsockname()[1],
            "ABSTRACT": f"sandbox-test-{os.getpid()}",
            "SECRET": SECRET,
            "LEFT": LEFT,
        }
        for listener in (tcp, unix):
            with pytest.raises(BlockingIOError):  # nobody ever called
                listener.accept()
    del os.environ["SECRET"]
    assert private.read_text() == SECRET
    for folder in ("/", "/tmp", "/dev/shm", "/usr/bin"):
        assert not list(Path(folder).glob(f"{LEFT}*"))
