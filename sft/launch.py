"""Having a function run by several processes, one a device, by way of `accelerate launch`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from factory import errors
from factory.errors import StageError
from factory.progress import Report
from sft import devices
from sft.parent import die_with_parent

HERE = Path(__file__).parent
LISTENS = 0.2
"""Seconds between two looks at what the processes say."""
PORT = 29500
"""Where machines meet."""


def launch(
    function: str,
    settings: Mapping[str, Any],
    *,
    wanted: int,
    folder: Path,
    report: Report,
    say: Callable[[str], None] = print,
) -> None:
    """Run `function(settings, report)` in so many processes; what they print goes where ours does.

    Args:
        function: as `module:name`.
        settings: whatever JSON can hold.
        wanted: devices, and so processes. Where this machine has fewer GPUs, as many further
            machines are waited for, and `say` tells what to type there.
        folder: for what the processes are told and say.
        report: hears of the first process's progress.

    Raises:
        FactoryError: what a process raised.
        StageError: a process crashed, or was ended.
    """
    folder.mkdir(parents=True, exist_ok=True)
    job, events = folder.absolute() / "job.json", folder.absolute() / "events.jsonl"
    events.write_bytes(b"")
    told = {"function": function, "settings": settings, "events": str(events)}
    job.write_text(json.dumps(told))
    machines = devices.machines(wanted)
    common = _common(wanted, machines, job)
    if machines > 1:
        say(
            f"waits for {machines - 1} further machines; with RANK 1 and on, type there: "
            f"accelerate launch --machine_rank RANK {' '.join(common)}"
        )
    command = [sys.executable, "-m", "sft.launch", "--machine_rank", "0", *common]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=_environment(wanted))
    try:
        with events.open() as lines:
            while (code := process.poll()) is None:
                _hear(lines, report)
                time.sleep(LISTENS)
            _hear(lines, report)
    finally:
        process.kill()
        process.wait()
    if code:
        raise StageError(f"one of {wanted} processes ended with code {code} and left no word")


def _common(wanted: int, machines: int, job: Path) -> list[str]:
    """What `accelerate launch` is told on each machine."""
    gpu = devices.gpus() > 0
    config = "cpu.yaml" if not gpu else "fsdp2_16.yaml" if machines > 1 else "fsdp2_8.yaml"
    meeting = ("--main_process_port", "0")
    if machines > 1:
        meeting = ("--main_process_ip", socket.gethostname(), "--main_process_port", str(PORT))
    return [
        *("--config_file", str(HERE / config)),
        *("--num_processes", str(wanted), "--num_machines", str(machines)),
        *meeting,
        *("--module", "sft.worker", str(job)),
    ]


def _environment(wanted: int) -> dict[str, str]:
    """Ours; processes on a CPU share its threads."""
    if devices.gpus():
        return dict(os.environ)
    threads = int(os.environ.get("OMP_NUM_THREADS", "0")) or len(os.sched_getaffinity(0))
    shared = str(max(1, threads // wanted))
    # The device's name: "cpu:0", as it would be, torch cannot find a checkpoint's tensors by.
    named = {"ACCELERATE_USE_CPU": "true", "ACCELERATE_TORCH_DEVICE": "cpu"}
    return os.environ | named | {"OMP_NUM_THREADS": shared}


def _hear(lines: Any, report: Report) -> None:
    """Pass on what was said since the last time; a line that is not whole yet waits.

    Raises:
        FactoryError: a process says that it failed.
    """
    while True:
        place, line = lines.tell(), lines.readline()
        if not line.endswith("\n"):
            lines.seek(place)
            return
        event = json.loads(line)
        if "error" in event:
            raise getattr(errors, event["kind"])(event["error"])
        report(event["done"], event["total"], event["unit"], **event["figures"])


if __name__ == "__main__":
    die_with_parent()
    from accelerate.commands.launch import main

    main()
