"""System calls that a program in the sandbox may not make, as a filter the kernel runs."""

from __future__ import annotations

import platform
import struct
from errno import ENOSYS

REFUSED = {
    # (x86_64, aarch64), from the kernel's asm/unistd_64.h and asm-generic/unistd.h
    # Memory that belongs to no process, so that no limit of a process sees it.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # A look into other processes, and the sandbox's own first process is one.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "perf_event_open": (298, 241),
    # Parts of the kernel that no test needs and that had holes before.
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # New walls inside the walls.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
}
"""Refused system calls and their numbers; they fail as if this kernel did not know them."""

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF: ld, jeq, jge, ret
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | ENOSYS
_X32 = 0x40000000  # the other way into an x86_64 kernel has the same calls under other numbers


def program() -> bytes | None:
    """The filter as struct sock_filter[], for bubblewrap; None on a machine it was not written for.

    >>> len(program() or bytes(8)) % 8
    0
    """
    if platform.machine() not in _MACHINES:
        return None
    column, architecture = _MACHINES[platform.machine()]
    numbers = [pair[column] for pair in REFUSED.values()]
    refuse = len(numbers) + 2  # the instruction that refuses, counted from the first comparison
    lines = [
        (_LOAD, 0, 0, 4),  # seccomp_data.arch
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # seccomp_data.nr
        (_AT_LEAST, refuse - 1, 0, _X32),
        *((_EQUAL, refuse - 2 - place, 0, number) for place, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
