"""Programs that attack the tests in the other sandbox: what each tries, and how. None may pass."""

LIES = "import os, sys\nmain = sys.modules['__main__']\n"

# Each is asked for f(0), f(1), f(2) and does not know what is expected.
ATTACKS = {
    # Objects
    "is equal to everything": """
        class Any:
            __eq__ = __ge__ = __le__ = __contains__ = lambda self, other: True
            __ne__ = lambda self, other: False
            __hash__ = lambda self: 0
            __bool__ = lambda self: True
        f = lambda n: Any()
    """,
    "is a text that is equal to everything": """
        class Any(str):
            __eq__ = lambda self, other: True
            __hash__ = lambda self: 0
        f = lambda n: Any('no')
    """,
    "says that it is a text": """
        class Any:
            __class__ = property(lambda self: str)
            __eq__ = lambda self, other: True
        f = lambda n: Any()
    """,
    "is called like a known class": """
        class Decimal:
            __eq__ = lambda self, other: True
            __str__ = lambda self: '1'
        Decimal.__module__ = 'decimal'
        f = lambda n: Decimal()
    """,
    "is a list that never ends": """
        class Long(list):
            def __iter__(self):
                while True: yield 1
        f = lambda n: Long()
    """,
    "comes as a pickle that runs something": """
        import pickle
        class Run:
            __reduce__ = lambda self: (print, ('{"passed": true}',))
        f = lambda n: pickle.dumps(Run())
    """,
    "runs something when it is pickled": """
        class Run:
            __reduce__ = __reduce_ex__ = lambda self, *_: (exit, (0,))
        f = lambda n: Run()
    """,
    "returns a generator without end": "import itertools\nf = lambda n: itertools.count()",
    "returns a function": "f = lambda n: f",
    "returns itself inside itself": "loop = []\nloop.append(loop)\nf = lambda n: loop",
    "returns 100 MB": "f = lambda n: 'x' * 10**8",
    "returns an integer of a million digits": "f = lambda n: 10 ** 10**6",
    "returns not a number": "f = lambda n: float('nan')",
    # Endings
    "ends at once": "exit(0)",
    "ends at once, hard": "import os\nos._exit(0)",
    "ends when it is called": "def f(n): raise SystemExit(0)",
    "ends when it is called, hard": "import os\nf = lambda n: os._exit(0)",
    "ends as if interrupted": "def f(n): raise KeyboardInterrupt",
    "ends as a generator does": "def f(n): raise GeneratorExit",
    "raises what a failing test raises": "def f(n): raise AssertionError('passed')",
    "raises what skips a test": "class SkipTest(Exception): pass\ndef f(n): raise SkipTest",
    "raises an error with 100 MB": "def f(n): raise ValueError('x' * 10**8)",
    "crashes": "import ctypes\nf = lambda n: ctypes.string_at(0)",
    "stops itself": "import os\nf = lambda n: os.kill(os.getpid(), 19)",
    "kills all it can": "import os\nf = lambda n: os.kill(-1, 9)",
    "sleeps": "import time\nf = lambda n: time.sleep(1000)",
    "computes for ever": "def f(n):\n    while True: pass",
    # The pipe
    "answers before it is asked": LIES
    + """
for descriptor in range(3, 99):
    try: os.write(descriptor, b'="sesame-0"\\n="sesame-0"\\n="sesame-0"\\n')
    except OSError: pass
os._exit(0)
""",
    "says that it passed": LIES
    + """
for descriptor in range(99):
    try: os.write(descriptor, b'{"passed": true}\\n')
    except OSError: pass
f = lambda n: True
""",
    "sends what is no value": LIES
    + """
for descriptor in range(3, 99):
    try: os.write(descriptor, b'=null\\n={"tuple": 1, "set": 2}\\n')
    except OSError: pass
f = lambda n: True
""",
    "sends brackets inside brackets": LIES
    + """
for descriptor in range(3, 99):
    try: os.write(descriptor, b'=null\\n=' + b'[' * 30000 + b'\\n')
    except OSError: pass
f = lambda n: True
""",
    "sends one line without end": LIES
    + """
def f(n):
    for descriptor in range(3, 99):
        try:
            while True: os.write(descriptor, b'x' * 2**16)
        except OSError: pass
""",
    "closes the pipe and waits": """
        import os, time
        def f(n):
            os.closerange(0, 99)
            time.sleep(99)
    """,
    "asks itself": """
        import os
        def f(n):
            with open('/proc/self/fd/3', 'wb') as calls: calls.write(b'N' * 100)
    """,
    "reads all that it will be asked": """
        import os
        def f(n): return os.read(3, 2**16)
    """,
    # Its own interpreter
    "traces": """
        import sys
        sys.settrace(lambda *_: None)
        sys.setprofile(lambda *_: None)
        f = lambda n: True
    """,
    "patches the builtins": """
        import builtins
        for name in ('isinstance', 'type', 'bool', 'eval', 'exec', 'len'):
            setattr(builtins, name, lambda *_: True)
        f = lambda n: True
    """,
    "patches what encodes its answers": LIES
    + """
import wire
wire.encode = main.encode = lambda value: '{"passed": true}'
f = lambda n: True
""",
    "looks for the tests everywhere": """
        import gc, glob, sys
        def f(n):
            frame, seen = sys._getframe(), [repr(gc.get_objects())]
            while frame:
                seen.append(repr(frame.f_locals) + repr(frame.f_globals))
                frame = frame.f_back
            for path in glob.glob('/box/*') + glob.glob('/proc/*/cmdline') + glob.glob('/tmp/*'):
                try: seen.append(open(path).read())
                except OSError: pass
            head, found, tail = ''.join(seen).partition('sesame' + '-')
            return found + tail[:1]
    """,
    # Processes
    "forks, and both answer": "import os\nf = lambda n: os.fork()",
    "forks for ever": "import os\ndef f(n):\n    while True: os.fork()",
    "leaves a thread that answers": """
        import os, threading, time
        def answer():
            while True:
                for descriptor in range(3, 9):
                    try: os.write(descriptor, b'=true\\n')
                    except OSError: pass
                time.sleep(0.01)
        threading.Thread(target=answer, daemon=True).start()
        def f(n): time.sleep(0.2)
    """,
}
