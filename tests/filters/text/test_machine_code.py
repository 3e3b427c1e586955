"""Compiled functions: beside vLLM, and made anew when any file that they may call has changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FILTERS = Path(__file__).parents[3] / "filters"


def test_vllm_can_look_at_every_module_that_is_loaded():
    """It asks all objects of all modules for `vars(it).get("kernel")` when it takes its kernels."""
    code = (
        "import sys, filters.text.overlap\n"
        "modules = list(sys.modules.values())\n"
        "values = [value for module in modules for value in list(vars(module).values())]\n"
        "told = [vars(value) for value in values if hasattr(value, '__dict__')]\n"
        "print('llvmlite' in sys.modules, all(hasattr(one, 'get') for one in told))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE)
    assert done.stdout.decode().split() == ["True", "True"]


def test_machine_code_is_kept_for_the_next_process_until_any_file_changes(tmp_path: Path):
    shutil.copytree(FILTERS, tmp_path / "code" / "filters", ignore=shutil.ignore_patterns("__py*"))
    names, kept = tmp_path / "code/filters/text/words.py", tmp_path / "cache"
    assert len(folders(kept)) == 0
    for before in ("False", "True"):
        assert compile_one(tmp_path / "code", kept) == [before, "True", "False"]
        assert len(folders(kept)) == 1
    names.write_text(names.read_text() + "\n# another\n")
    compile_one(tmp_path / "code", kept)
    assert len(folders(kept)) == 2


def test_where_nothing_can_be_written_it_is_made_in_each_process(tmp_path: Path):
    (tmp_path / "cache").write_text("a file, and no folder")
    for _ in range(2):
        assert compile_one(FILTERS.parent, tmp_path / "cache") == ["False"] * 3


def compile_one(code: Path, cache: Path) -> list[str]:
    """Compiles a function; says whether it was there before, is now, and whether another is."""
    program = (
        "import numpy, filters.text.words as it; from filters.text.machine_code import is_kept\n"
        "before = is_kept('words'); assert it.mixed(numpy.uint64(0)) == 0\n"
        "print(before, is_kept('words'), is_kept('loop_kernels'))"
    )
    environment = os.environ | {"PYTHONPATH": str(code), "XDG_CACHE_HOME": str(cache)}
    environment.pop("NUMBA_CACHE_DIR", None)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, check=True, cwd=code, stdout=subprocess.PIPE)
    return done.stdout.decode().split()


def folders(cache: Path) -> list[Path]:
    return list(cache.glob("reasoning-factory/machine-code/*"))
