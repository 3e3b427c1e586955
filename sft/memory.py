"""What a training will need: memory of a device, and operations, from a model's shape alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

GIB = 2**30
SEEN = 300e12
"""Operations a second of one H100 in training at 1.5B and 7B (benchmarks/RESULTS.md): a third of
what its data sheet says."""


@dataclass(frozen=True)
class Shape:
    """What of a decoder decides on memory."""

    parameters: int
    """Weights, a tied matrix once."""
    hidden: int
    inner: int
    """Width of the feed-forward layer; of a mixture, of the experts that a token goes through."""
    layers: int
    vocabulary: int

    @classmethod
    def of(cls, base: Path) -> Shape:
        """The shape of the model in a folder; its weights are not read."""
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        config = AutoConfig.from_pretrained(base)
        with torch.device("meta"):
            parameters = AutoModelForCausalLM.from_config(config).num_parameters()
        text = config.get_text_config()
        inner: Any = getattr(text, "intermediate_size", None) or 4 * text.hidden_size
        return cls(parameters, text.hidden_size, inner, text.num_hidden_layers, text.vocab_size)


@dataclass(frozen=True)
class Needs:
    """Bytes on one device."""

    weights: int
    gradients: int
    states: int
    """AdamW's two means for each weight."""
    checkpoints: int
    """What each layer was given, kept for the way back."""
    layer: int
    """All that one layer computes, made again on the way back."""
    padding: int
    """The attention mask, where rows of several lengths lie side by side."""
    gathered: int
    """With FSDP2: the layers and embeddings that a device has whole for the moment."""
    accumulates: bool
    """Whether gradients of earlier rows are there all the way."""

    @property
    def peak(self) -> int:
        """The most that is needed at once.

        Without accumulation gradients are made while checkpoints are used up: the more of the two
        counts.
        """
        passing = (self.gradients, self.checkpoints)
        held = sum(passing) if self.accumulates else max(passing)
        return self.weights + self.states + held + self.layer + self.padding + self.gathered


def needs(
    shape: Shape,
    *,
    dtype: str,
    rows: int,
    length: int,
    devices: int = 1,
    accumulates: bool = True,
    checkpointing: bool = True,
    padded: bool | None = None,
) -> Needs:
    """What one of the devices needs to train a model.

    Counted with AdamW, activations made again layer by layer, TRL's loss without whole logits, and
    an attention without a matrix of scores. float32 weights compute in bfloat16.

    Args:
        dtype: of weights, gradients and states: bfloat16 or float32.
        rows: rows a device holds at once.
        length: tokens of each, at most.
        devices: that share weights, gradients and states.
        checkpointing: whether activations are made again; on CPUs they are kept.
        padded: whether the rows are of several lengths; left out: if there are several.
    """
    size = 4 if dtype == "float32" else 2
    tokens, held = rows * length, size * shape.parameters
    # Of a layer's values: seven as wide as the feed-forward layer, in bfloat16, gradients among
    # them; as wide as the model are norms in float32, the attention's, and sums as weights are.
    layer = tokens * (14 * shape.inner + (24 if size == 2 else 34) * shape.hidden)
    kept = tokens * shape.layers * size * shape.hidden
    embeddings = size * shape.vocabulary * shape.hidden
    # Two layers (one is fetched ahead), the output matrix and its gradient.
    one = max(0, held - 2 * embeddings) // shape.layers
    return Needs(
        weights=held // devices,
        gradients=held // devices,
        states=2 * held // devices,
        checkpoints=kept if checkpointing else 0,
        layer=layer * (1 if checkpointing else shape.layers),
        padding=3 * rows * length**2 if (rows > 1 if padded is None else padded) else 0,
        gathered=2 * one + 2 * embeddings if devices > 1 else 0,
        accumulates=accumulates,
    )


def operations(shape: Shape, tokens: int) -> float:
    """Floating-point operations to train on so many tokens: 6 for each weight and token, and 2 more
    for what is computed again. Attention's scores are not counted."""
    return 8.0 * shape.parameters * tokens
