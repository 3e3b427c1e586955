"""What a benchmark works out from a table is what a run with that policy draws."""

import pytest

from benchmarks.pools import DISTRIBUTIONS, Pool, by_run, by_table
from factory.recipe.sampling import Fixed, Policy, Until
from factory.sampler.policy import limits_of

POLICIES = [
    Policy(fixed=Fixed(draws=5)),
    Policy(until=Until(accepted=2, max_draws=8)),
    Policy(until=Until(accepted=8, max_draws=8, give_up=[1, 2, 4, 5])),
    Policy(until=Until(accepted=4, max_draws=16, give_up_by_source={"source 1": 1})),
]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", ["an easy and a hopeless source", "U-shaped"])
def test_a_table_yields_what_a_run_yields(name: str, policy: Policy):
    pool = Pool.simulated(name, prompts=60, seed=1)
    tables = [limits_of(policy, source) for source in sorted(set(pool.sources))]
    assert by_table(pool, tables) == by_run(pool, policy, concurrency=16)
    assert by_table(pool, tables, most=2) == by_run(pool, policy, most=2, concurrency=16)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_target_ends_a_table_where_it_ends_a_run(policy: Policy):
    """But for the draw or two that are in flight when it is reached."""
    pool = Pool.simulated("flat", prompts=60, seed=1)
    table = by_table(pool, [limits_of(policy)], target=50)
    run = by_run(pool, policy, target=50)
    assert table
    assert run
    assert table.rows == 50
    assert 0 <= run.rows - table.rows <= 1
    assert 0 <= run.covered - table.covered <= 1
    assert run.tokens == pytest.approx(table.tokens, rel=0.05)


def test_a_target_that_is_out_of_reach_has_no_yield():
    pool = Pool.simulated(list(DISTRIBUTIONS)[2], prompts=20, seed=1)
    policy = Policy(until=Until(accepted=1, max_draws=2))
    assert by_table(pool, [limits_of(policy)], target=100) is None
    assert by_run(pool, policy, target=100) is None
