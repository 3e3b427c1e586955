"""What tests of the sandbox share: a secret, and who still runs one of our programs."""

import os
import textwrap
from pathlib import Path

SECRET = "sesame-83b1"
"""The expected output, and what a file, a variable and a socket outside hold."""
OURS = f"of_{os.getpid()}.py"
"""Name of our programs, since somebody else may run these tests at the same time."""
LEFT = f"left_by_{os.getpid()}_"
"""How the names of files begin that our programs write, for the same reason."""


def program(text: str) -> str:
    return f"```python\n{textwrap.dedent(text)}\n```"


def programs_alive() -> list[str]:
    """Processes of this machine that run something from the sandbox's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"/box/{OURS}".encode() in words:
            found.append(process.name)
    return found
