"""A model that is asked, and what of it changes the numbers it draws by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.models import Located
from factory.models.thinking_tags import speech_of
from factory.models.tokenizers import tokenizer_of
from factory.recipe.asking import Asking
from factory.recipe.sampling import Sampling
from factory.recipe.served import Served
from factory.records import digest

SAME_NUMBERS = (
    "aggregate_engine_logging",
    "allowed_",
    "api_",
    "async_scheduling",
    "block_size",
    "compilation_config",
    "cpu_offload",
    "cudagraph",
    "data_parallel",
    "device_ids",
    "disable_log",
    "distributed_",
    "download_dir",
    "enable_chunked_prefill",
    "enable_log",
    "enable_prefix_caching",
    "enforce_eager",
    "gpu_memory_utilization",
    "hf_token",
    "kv_cache_memory",
    "kv_offloading",
    "log_",
    "logging_config",
    "max_cudagraph",
    "max_long_partial",
    "max_model_len",
    "max_num_",
    "max_parallel_loading",
    "nnodes",
    "node_rank",
    "num_gpu_blocks",
    "num_scheduler",
    "numa_",
    "offload_",
    "optimization_level",
    "pipeline_parallel",
    "pt_load_map_location",
    "safetensors_",
    "scheduler_",
    "scheduling_policy",
    "seed",
    "served_model_name",
    "show_hidden_metrics",
    "shutdown_timeout",
    "stream_interval",
    "swap_space",
    "tensor_parallel",
    "trust_remote_code",
    "use_tqdm",
    "watermark",
)
"""Beginnings of vLLM's arguments of memory, speed, place and logging. Any other argument, as dtype,
quantization or rope, makes another teacher."""


@dataclass(frozen=True)
class Teacher:
    """A model that is asked."""

    model: Located
    served: Served | None = None
    """How it is reached, where another machine runs it."""
    asked: Asking | None = None
    """How it is asked, where that is not as the sampling says."""

    def identity(self, sampling: Sampling) -> str:
        """Digest of the model and of what changes its numbers; ids of draws depend on it.

        `sampling`: as this teacher is asked.

        Not of memory, concurrency, or the address of an endpoint: a moved server is the same
        teacher.
        """
        told = [self.model.digest, self.template()]
        marks = self._marks()
        return digest(
            *told,
            numeric(sampling.engine_arguments, SAME_NUMBERS),
            *([marks] if marks else []),
        )

    def template(self) -> str | None:
        """The chat template of a model that is here, as it is asked by it."""
        return json.dumps(tokenizer_of(self.model).chat_template) if self.model.path else None

    def _marks(self) -> dict[str, str]:
        """What is read in place of what in the texts of a model that is here."""
        return dict(speech_of(self.model).marks) if self.model.path else {}


def numeric(settings: Mapping[str, Any], others: tuple[str, ...]) -> dict[str, Any]:
    """The settings whose names do not begin like one of `others`."""
    return {name: value for name, value in settings.items() if not name.startswith(others)}
