"""A real `vllm serve` on loopback."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

KEY = "sk-of-a-local-server"
ON_CPU = ["--dtype", "float32", "--enforce-eager", "--no-enable-chunked-prefill"]
CACHE = 256 * 2**20
"""Bytes for keys and values."""


@contextlib.contextmanager
def serving(
    model: Path, log: Path, *arguments: str, name: str = "tiny", longest: int = 4096
) -> Iterator[str]:
    """The address of a server that is ready; it is ended by its process id.

    Args:
        name: of the model, as requests have it.
        longest: tokens of prompt and answer together.
    """
    import torch

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # What `vllm serve` runs; that command itself looks for a distribution of the name `vllm`, and
    # the one for CPUs has another.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", name]
    command += ["--max-model-len", str(longest), "--max-num-seqs", "8", "--api-key", KEY]
    if not torch.cuda.is_available():
        command += [*ON_CPU, "--max-num-batched-tokens", "8192"]
        command += ["--kv-cache-memory-bytes", str(CACHE)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, *arguments],
            stdout=output,
            stderr=output,
            env=os.environ | {"DO_NOT_TRACK": "1"},
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 200
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(log.read_text()[-3000:])
