"""How processes end with the one that started them."""

import subprocess
import sys

import psutil

STARTS_ANOTHER = """
import subprocess, sys
from sft.parent import take_group_along
take_group_along()
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
print(other.pid, flush=True)
other.wait()
"""


def test_what_a_killed_process_started_ends_with_it():
    """As vLLM's engine, which does not notice it and would keep the GPU's memory."""
    first = subprocess.Popen(
        [sys.executable, "-c", STARTS_ANOTHER], stdout=subprocess.PIPE, start_new_session=True
    )
    assert first.stdout
    other = psutil.Process(int(first.stdout.readline()))
    first.kill()
    first.wait()
    first.stdout.close()
    other.wait()  # the test's own time limit ends it
