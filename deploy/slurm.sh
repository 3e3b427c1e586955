#!/usr/bin/env bash
# A Ray 2.60.0 cluster for the time of one Slurm job, and a recipe that samples on it.
# From the root of a checkout that all nodes see, with .venv built in it (deploy/README.md):
#
#   sbatch deploy/slurm.sh manifests/mine.yaml
#   sbatch --nodes=8 deploy/slurm.sh manifests/mine.yaml --into runs/large
#
#SBATCH --job-name=reasoning-factory
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --gpus-per-node=8
#SBATCH --mem=0
#SBATCH --exclusive
#SBATCH --time=24:00:00
#SBATCH --output=slurm-%j.log
#SBATCH --open-mode=append
# The job outlives a node; and before its time is up it is told, stops, and queues itself again.
#SBATCH --no-kill
#SBATCH --requeue
#SBATCH --signal=B:USR1@180
set -euo pipefail

[ $# -gt 0 ] || {
    echo "usage: sbatch deploy/slurm.sh RECIPE [OPTIONS OF factory run]" >&2
    exit 2
}
export PATH="$PWD/.venv/bin:$PATH"
nodes=$SLURM_JOB_NUM_NODES

# This script runs on the job's first node, which becomes the head. Where the first of a node's
# addresses is not the one that the others reach it by, say which: HEAD_ADDRESS=10.0.0.1 sbatch …
HEAD_ADDRESS=${HEAD_ADDRESS:-$(hostname -I | cut -d ' ' -f 1)}
HEAD_PORT=$((20000 + SLURM_JOB_ID % 10000))
# Without a token whoever reaches the port may run what they like in your name.
RAY_AUTH_TOKEN=$(python -c 'import secrets; print(secrets.token_hex(32))')
export HEAD_ADDRESS HEAD_PORT RAY_AUTH_TOKEN
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0

# What each node does: the first begins the cluster; the others join it, and do so again when
# their part of it has died.
# shellcheck disable=SC2317  # srun calls it
node() {
    if [ "$SLURM_PROCID" -eq 0 ]; then
        exec ray start --head --node-ip-address="$HEAD_ADDRESS" --port="$HEAD_PORT" \
            --num-cpus="$SLURM_CPUS_PER_TASK" --include-dashboard=false --block
    fi
    while sleep 5; do
        ray start --address="$HEAD_ADDRESS:$HEAD_PORT" \
            --num-cpus="$SLURM_CPUS_PER_TASK" --block || true
    done
}
export -f node
srun --nodes="$nodes" --ntasks="$nodes" --ntasks-per-node=1 \
    --cpus-per-task="$SLURM_CPUS_PER_TASK" --no-kill --kill-on-bad-exit=0 bash -c node &
cluster=$!
trap 'kill "$cluster" 2>/dev/null || true; wait "$cluster" 2>/dev/null || true' EXIT

# How many replicas there will be is counted when sampling begins, so all nodes should be there.
# After ten minutes those that came must do.
export RAY_ADDRESS="$HEAD_ADDRESS:$HEAD_PORT"
python - "$nodes" <<'PYTHON'
import sys
import time

import ray

wanted, until = int(sys.argv[1]), time.monotonic() + 600
while not ray.is_initialized():
    try:
        ray.init(log_to_driver=False)
    except ConnectionError as error:
        if time.monotonic() > until:
            sys.exit(f"there is no head of a Ray cluster ({error}); what it said is above")
        time.sleep(2)
while (there := sum(node["Alive"] for node in ray.nodes())) < wanted:
    if time.monotonic() > until:
        break
    time.sleep(2)
print(f"{there} of {wanted} nodes are there: {ray.cluster_resources()}", flush=True)
PYTHON

again=no
factory run "$@" --cluster ray &
driver=$!
trap 'again=yes; kill -TERM "$driver"' USR1
code=0
wait "$driver" || code=$?
# A signal ends the waiting, not the run.
while kill -0 "$driver" 2>/dev/null; do
    code=0
    wait "$driver" || code=$?
done
if [ "$again" = yes ] && [ "$code" -ne 0 ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
