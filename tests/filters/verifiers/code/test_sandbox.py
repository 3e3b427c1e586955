"""The sandbox: hostile programs get the verdict they deserve, and nothing outside changes."""

import os
import platform
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from needs import a_sandbox

from filters.verifiers import check_reference, verify
from filters.verifiers.code import sandbox
from filters.verifiers.code.sandbox import seccomp
from filters.verifiers.code.sandbox.usage import tree

pytestmark = [pytest.mark.xdist_group("sandbox"), a_sandbox]

SECRET = "sesame-83b1"
"""The expected output, and what a file, a variable and a socket outside hold."""
OURS = f"of_{os.getpid()}.py"
"""Name of our programs, since somebody else may run these tests at the same time."""
LEFT = f"left_by_{os.getpid()}_"
"""How the names of files begin that our programs write, for the same reason."""


def program(text: str) -> str:
    return f"```python\n{textwrap.dedent(text)}\n```"


LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"

# (what it does, program, reason of the verdict). A program that prints the secret would pass; those
# that do not search for it print it where their attack went through.
HARMFUL = [
    # Processes
    ("forks for ever", "import os\nwhile True: os.fork()", "runtime_error"),
    (
        "forks for ever, whatever fork says",
        """
        import os
        while True:
            try: os.fork()
            except OSError: pass
        """,
        "time_limit",
    ),
    (
        "starts threads for ever",
        """
        import threading, time
        while True: threading.Thread(target=time.sleep, args=[9], daemon=True).start()
        """,
        "runtime_error",
    ),
    (
        "leaves a daemon behind",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(1000)
            os._exit(0)
        """,
        "wrong_answer",
    ),
    (
        "kills all it can",
        """
        import os, signal
        for process in (1, os.getppid(), -1):
            try: os.kill(process, signal.SIGKILL)
            except OSError: pass
        """,
        "wrong_answer",
    ),
    (
        "stops its guard",
        "import os\nos.kill(1, 19)\nos.kill(os.getppid(), 19)",
        "wrong_answer",
    ),
    (
        "looks at its first process with ptrace",
        LIBC + "if libc.ptrace(16, 1, 0, 0) == 0: print(SECRET)",
        "wrong_answer",
    ),
    (
        "writes to the memory of its first process, which no filter holds",
        "open('/proc/1/mem', 'r+b')",
        "runtime_error",
    ),
    (
        "writes to the memory of its first process by another name",
        "open('/proc/1/task/1/mem', 'r+b')",
        "runtime_error",
    ),
    (
        "is killed last when the machine has no memory left",
        "with open('/proc/self/oom_score_adj', 'w') as file: file.write('-1000')",
        "runtime_error",
    ),
    # Memory
    (
        "takes memory for ever",
        "hoard = []\nwhile True: hoard.append(bytearray(b'x' * 10**7))",
        "memory_limit",
    ),
    (
        "takes memory in many processes, each below the limit",
        """
        import os, time
        for _ in range(9):
            if os.fork() == 0: break
        hoard = bytearray(b'x' * (3 * 10**7))
        time.sleep(9)
        """,
        "memory_limit",
    ),
    (
        "takes shared memory",
        "import mmap, time\nm = mmap.mmap(-1, 10**9)\nfor _ in range(900): m.write(b'x' * 10**6)",
        "memory_limit",
    ),
    ("takes memory without a process", "import os\nos.memfd_create('x')", "runtime_error"),
    (
        "takes System V memory",
        LIBC + "if libc.shmget(0, 10**8, 0o1600) != -1: print(SECRET)",
        "wrong_answer",
    ),
    # Files
    (
        "fills /tmp with files",
        """
        for number in range(10**6):
            with open(f'/tmp/{LEFT}{number}', 'wb') as file: file.write(b'x' * 10**6)
        """,
        "runtime_error",
    ),
    (
        "fills /dev/shm with files",
        """
        for number in range(10**6):
            with open(f'/dev/shm/{LEFT}{number}', 'wb') as file: file.write(b'x' * 10**6)
        """,
        "runtime_error",
    ),
    (
        "writes one large file",
        "with open('/tmp/' + LEFT, 'wb') as file:\n    while True: file.write(b'x' * 10**6)",
        "runtime_error",
    ),
    (
        "makes empty files for ever",
        """
        import os
        for number in range(10**9): os.close(os.open(f'/tmp/{LEFT}{number}', os.O_CREAT))
        """,
        "output_limit",
    ),
    (
        "makes folders in folders for ever",
        """
        import os
        os.chdir('/dev/shm')
        while True:
            os.mkdir(LEFT)
            os.chdir(LEFT)
        """,
        "output_limit",
    ),
    (
        "opens files for ever",
        "hoard = []\nwhile True: hoard.append(open(__file__))",
        "runtime_error",
    ),
    ("writes to the root", "open('/' + LEFT, 'w')", "runtime_error"),
    ("writes to the system", "open('/usr/bin/' + LEFT, 'w')", "runtime_error"),
    ("rewrites itself", "open(__file__, 'w')", "runtime_error"),
    ("writes to its input", "import os\nos.write(0, b'x')", "runtime_error"),
    ("writes to the kernel", "open('/proc/sys/kernel/core_pattern', 'w')", "runtime_error"),
    ("makes a device", "import os\nos.mknod('/tmp/disk', 0o60666, 0)", "runtime_error"),
    ("reads a private file", "print(open(FILE).read())", "runtime_error"),
    (
        "reads a private file through a link",
        "import os\nos.symlink(FILE, '/tmp/link')\nprint(open('/tmp/link').read())",
        "runtime_error",
    ),
    (
        "reads a private file through a process",
        "print(open('/proc/1/root' + FILE).read())",
        "runtime_error",
    ),
    ("reads the home folder", "import os\nprint(os.listdir(HOME))", "runtime_error"),
    ("reads the list of users", "print(open('/etc/passwd').read())", "runtime_error"),
    (
        "reads all environments",
        """
        import glob
        for path in glob.glob('/proc/*/environ'):
            try: text = open(path).read()
            except OSError: continue
            if 'sesame' in text: print('sesame' + text.partition('sesame')[2][:5])
        """,
        "wrong_answer",
    ),
    (
        "looks for other processes",
        """
        import glob
        for path in glob.glob('/proc/[0-9]*/cmdline'):
            if 'pytest' in open(path).read(): print(SECRET)
        """,
        "wrong_answer",
    ),
    # Network
    (
        "connects to this machine",
        "import socket\nprint(socket.create_connection(('127.0.0.1', PORT), 1).recv(99).decode())",
        "runtime_error",
    ),
    (
        "connects to a socket without a file",
        """
        import socket
        s = socket.socket(socket.AF_UNIX)
        s.connect('\\0' + ABSTRACT)
        print(s.recv(99).decode())
        """,
        "runtime_error",
    ),
    (
        "sends packets of its own making",
        "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "runtime_error",
    ),
    ("asks for a name", "import socket\nsocket.gethostbyname('example.org')", "runtime_error"),
    # Time
    ("sleeps", "import time\ntime.sleep(1000)", "time_limit"),
    ("computes for ever", "while True: pass", "time_limit"),
    (
        "computes in children",
        """
        import os
        for _ in range(3): os.fork()
        while True: pass
        """,
        "time_limit",
    ),
    (
        "ignores all signals and closes its pipes",
        """
        import os, signal, time
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        os.closerange(0, 99)
        while True: time.sleep(1)
        """,
        "time_limit",
    ),
    # Output
    ("floods its output", "while True: print('x' * 10**5)", "output_limit"),
    (
        "floods its error output",
        "import sys\nwhile True: sys.stderr.write('x' * 10**5)",
        "output_limit",
    ),
    # Rights
    ("becomes root", "import os\nos.setuid(0)", "runtime_error"),
    ("changes its root", "import os\nos.chroot('/tmp')", "runtime_error"),
    ("takes more priority", "import os\nos.nice(-1)", "runtime_error"),
    (
        "lifts its limits",
        "import resource as r\nr.setrlimit(r.RLIMIT_DATA, (r.RLIM_INFINITY, r.RLIM_INFINITY))",
        "runtime_error",
    ),
    (
        "builds a namespace",
        LIBC + "if libc.unshare(0x10000000) == 0: print(SECRET)",
        "wrong_answer",
    ),
    (
        "builds a namespace on the way",
        LIBC
        + """
call = 56 if os.uname().machine == 'x86_64' else 220
if (child := libc.syscall(call, 0x10000000 | 17, 0, 0, 0, 0)) > 0: print(SECRET)
if child == 0: os._exit(0)
""",
        "wrong_answer",
    ),
    (
        "mounts a file system",
        LIBC + "if libc.mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0: print(SECRET)",
        "wrong_answer",
    ),
    (
        "has a capability left",
        """
        line = next(line for line in open('/proc/self/status') if line.startswith('CapEff'))
        if int(line.split()[1], 16): print(SECRET)
        """,
        "wrong_answer",
    ),
    ("types into the terminal", "open('/dev/tty', 'w').write('x')", "runtime_error"),
    # Endings
    ("ends at once, with success", "import os\nos._exit(0)", "wrong_answer"),
    ("crashes", "import ctypes\nctypes.string_at(0)", "runtime_error"),
    ("prints what a test would", "print('OK', '1 passed', '{\"exit-code\": 0}')", "wrong_answer"),
]


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


@pytest.mark.parametrize(
    ("text", "reason"), [row[1:] for row in HARMFUL], ids=[r[0] for r in HARMFUL]
)
def test_a_hostile_program_gets_its_verdict_and_leaves_nothing(text, reason, outside):
    told = "\n".join(f"{name} = {value!r}" for name, value in outside.items() if name in text)
    # The secret itself is told only to programs that print it where their attack went through.
    reference = {
        "tests": [{"input": "7\n", "output": SECRET}],
        "time_limit": 0.3 if reason == "time_limit" else 3,
        "memory_limit": 128,
        "file": OURS,
    }
    before = set(tree(os.getpid()))
    verdict = verify(program(told + "\n" + textwrap.dedent(text)), reference, "code")
    word = (verdict.reason or "").partition(":")[0]
    if reason == "time_limit" and word == "machine_slow":
        assert verdict.outcome == "unverifiable"  # a machine this busy cannot tell
    else:
        assert (verdict.outcome, word) == ("incorrect", reason), verdict.reason
    assert programs_alive() == []
    assert set(tree(os.getpid())) <= before


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


@pytest.fixture
def without_bubblewrap(tmp_path, monkeypatch):
    """A machine on whose path there is no bubblewrap."""
    for name in ("prlimit", "setpriv", "python3", "sh"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setitem(sandbox.ENVIRONMENT, "PATH", str(tmp_path))
    sandbox.missing.cache_clear()
    yield
    sandbox.missing.cache_clear()


READS_A_FILE = {"tests": [{"input": "", "output": SECRET}]}


def test_without_isolation_nothing_runs_and_the_remedy_is_told(without_bubblewrap, outside):
    verdict = verify(program("print(1)"), READS_A_FILE, "code")
    assert verdict.outcome == "unverifiable"
    assert (verdict.reason or "").startswith("sandbox_missing: bwrap is not installed.")
    assert "apt-get install bubblewrap" in (verdict.reason or "")
    with pytest.raises(sandbox.SandboxMissing):
        sandbox.run(["true"], {}, b"", sandbox.Limits())
    # Said when prompts are read, before a token is spent, even where no key is tried.
    assert "apt-get install bubblewrap" in (check_reference(READS_A_FILE, "code") or "")


def test_whoever_allows_it_runs_without_walls_but_with_limits(
    without_bubblewrap, outside, monkeypatch
):
    before = set(tree(os.getpid()))
    monkeypatch.setattr(sandbox, "allow_unsandboxed", False)  # as it is, and will be again
    with pytest.warns(UserWarning, match="without a sandbox, as was allowed: bwrap is not"):
        sandbox.allow(unsandboxed=True)
    steals = program(f"print(open({outside['FILE']!r}).read())")
    assert verify(steals, READS_A_FILE, "code").outcome == "correct"  # the walls matter
    waits = {**READS_A_FILE, "time_limit": 0.2}
    forks = program("import os\nif os.fork() == 0:\n    while True: pass\nos.wait()")
    word = (verify(forks, waits, "code").reason or "").partition(":")[0]
    assert word in ("time_limit", "machine_slow")
    assert set(tree(os.getpid())) <= before


def test_a_program_that_is_right_passes_whatever_it_leaves_behind():
    text = """
        import os, time
        print(6 * int(input()), flush=True)
        if os.fork() == 0:
            os.setsid()
            time.sleep(1000)
    """
    reference = {"tests": [{"input": "7\n", "output": "42"}], "file": OURS}
    assert verify(program(text), reference, "code").outcome == "correct"
    assert programs_alive() == []


def test_when_we_are_killed_our_programs_die_with_us():
    text = """
        import sys
        from filters.verifiers.code import sandbox
        command, name = [sandbox.python(), "{box}/" + sys.argv[1]], sys.argv[1]
        sandbox.run(command, {name: b"import time; time.sleep(60)"}, b"", sandbox.Limits())
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(text), OURS])
    assert within(30, lambda: programs_alive() != [])  # bubblewrap only begins to build
    process.kill()
    process.wait()
    assert within(15, lambda: programs_alive() == [])


def within(seconds: float, true) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.slow
def test_a_slow_machine_is_not_a_slow_program():
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})  # one core, shared with 16 that never rest
    work = [sys.executable, "-c", "while True: pass"]
    # Each in a session of its own, since the kernel shares a core out by sessions.
    busy = [subprocess.Popen(work, start_new_session=True) for _ in range(16)]
    try:
        reference = {"tests": [{"input": "", "output": ""}], "time_limit": 0.3}
        verdict = verify(program("while True: pass"), reference, "code")
    finally:
        for process in busy:
            process.kill()
            process.wait()
        os.sched_setaffinity(0, everywhere)
    assert (verdict.outcome, verdict.reason) == ("unverifiable", "machine_slow: test 1 of 1")


def test_the_end_is_told_as_it_was():
    limits = sandbox.Limits(cpu=5)
    ended = sandbox.run(["sh", "-c", "cat; echo no >&2; exit 3"], {}, b"yes", limits)
    assert (ended.code, ended.stdout, ended.stderr, ended.stopped) == (3, b"yes", b"no\n", None)
    assert sandbox.run(["sh", "-c", "kill -9 $$"], {}, b"", limits).code == 128 + 9


def test_there_are_no_more_processes_than_allowed():
    text = """
        import os, time
        for number in range(100):
            try:
                if os.fork() == 0: time.sleep(9)
            except OSError: break
        print(number)
    """
    command = [sandbox.python(), "-c", textwrap.dedent(text)]
    ended = sandbox.run(command, {}, b"", sandbox.Limits(processes=10))
    assert 0 < int(ended.stdout) < 10


def test_computing_and_waiting_are_told_apart():
    limits = sandbox.Limits(cpu=0.2)
    computes = sandbox.run([sandbox.python(), "-c", "while True: pass"], {}, b"", limits)
    waits = sandbox.run(["sleep", "100"], {}, b"", limits)
    if computes.stopped == "waited":  # it hardly got a core, and so does everybody
        assert sandbox.slow_machine("waited")
    else:
        assert computes.stopped == "time_limit"
        assert 0.2 < computes.cpu < 0.2 + 0.2
    assert waits.stopped == "waited"
    assert waits.cpu < 0.1
    assert waits.seconds < limits.wall + 2


def test_the_environment_is_ours_alone(monkeypatch):
    monkeypatch.setenv("TOKEN", SECRET)
    ended = sandbox.run(["sh", "-c", "cat /proc/*/environ; env"], {}, b"", sandbox.Limits())
    assert b"PATH=" in ended.stdout
    assert SECRET.encode() not in ended.stdout


def test_files_are_there_and_cannot_be_changed():
    files = {"a.txt": b"one", "b": bytes(range(256)) * 1000}
    ended = sandbox.run(["sh", "-c", "cat {box}/a.txt; cat {box}/b"], files, b"", sandbox.Limits())
    assert ended.stdout == b"one" + files["b"]
    assert sandbox.run(["sh", "-c", "echo > {box}/a.txt"], files, b"", sandbox.Limits()).code != 0


def test_a_large_input_arrives_whole():
    data = os.urandom(5_000_000)
    assert sandbox.run(["cat"], {}, data, sandbox.Limits()).stdout == data


def test_a_refused_call_is_refused_and_others_are_not():
    ask = "import ctypes, sys\nl = ctypes.CDLL(None)\nprint(l.syscall(int(sys.argv[1]), 0, 0, 0))"
    column = 0 if platform.machine() == "x86_64" else 1
    for name, numbers in seccomp.REFUSED.items():
        command = [sandbox.python(), "-c", ask, str(numbers[column])]
        assert sandbox.run(command, {}, b"", sandbox.Limits()).stdout == b"-1\n", name
    getpid = [sandbox.python(), "-c", ask, ("39", "172")[column]]
    assert int(sandbox.run(getpid, {}, b"", sandbox.Limits()).stdout) > 0
