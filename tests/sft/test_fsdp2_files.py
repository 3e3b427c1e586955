"""The files for accelerate are such, and alike but for the number of processes and machines."""

from pathlib import Path

import pytest
from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file

import sft

HERE = Path(sft.__file__).parent


def loaded(name: str) -> ClusterConfig:
    """As `accelerate launch` reads it; unknown keys raise."""
    config = load_config_from_file(str(HERE / name))
    assert isinstance(config, ClusterConfig)
    return config


@pytest.mark.parametrize(("gpus", "machines"), [(1, 1), (8, 1), (16, 2)])
def test_a_file_for_so_many_gpus(gpus: int, machines: int):
    config = loaded(f"fsdp2_{gpus}.yaml")
    assert (config.num_processes, config.num_machines) == (gpus, machines)
    assert config.distributed_type == "FSDP"
    assert config.mixed_precision == "no"  # else FSDP2 would hold float32 weights
    fsdp = config.fsdp_config or {}
    assert fsdp == loaded("fsdp2_8.yaml").fsdp_config
    assert fsdp["fsdp_version"] == 2
    assert fsdp["fsdp_activation_checkpointing"]
    assert fsdp["fsdp_cpu_ram_efficient_loading"]


def test_several_processes_on_a_cpu():
    config = loaded("cpu.yaml")
    assert (config.use_cpu, config.fsdp_config) == (True, {})
