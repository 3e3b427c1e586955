"""Programs that attack the sandbox: what each does, and the verdict that it deserves."""

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
