"""Reads a folder with transformers 4.57: the same ids and logits? Run by `test_folder.py`.

`python older.py SITE FOLDER PLACE`, where SITE has transformers 4.57 and PLACE our `ours.pt`.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, __version__

assert __version__.startswith("4."), __version__
text, ids, logits = torch.load(Path(sys.argv[3]) / "ours.pt")
tokenizer: Any = AutoTokenizer.from_pretrained(sys.argv[2])
assert tokenizer(text)["input_ids"] == ids
model = AutoModelForCausalLM.from_pretrained(sys.argv[2], dtype="float32")
assert torch.allclose(model(torch.tensor([ids])).logits, logits, atol=1e-6)
assert tokenizer.apply_chat_template([{"role": "user", "content": "?"}], tokenize=False)
