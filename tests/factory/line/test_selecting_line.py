"""Selection by the command as typed: the student asked, rows chosen, trained on in order."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML

from factory.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("engine")]

SMALL = Path(__file__).with_name("small.yaml")


def test_a_run_goes_by_the_students_own_pass_rates(tmp_path: Path):
    plan = YAML(typ="safe").load(SMALL.read_text())
    del plan["teacher"]["grpo"], plan["evaluate"]
    band = {"of": "student", "draws": 2, "max": 0.9}
    topics = {"by": "words", "count": 4}
    select = {"difficulty": band, "per_prompt": 1, "rows": 1000, "topics": topics}
    plan["dataset"] = {"select": select, "order": "easy_to_hard"}
    plan["student"]["control"] = False
    recipe, folder = tmp_path / "selecting.yaml", tmp_path / "run"
    recipe.write_text(json.dumps(plan))  # JSON is YAML
    command = [sys.executable, "-m", "factory.cli", "run", str(recipe), "--into", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert "dataset: rows: 1,000 rows asked for," in done.stdout
    assert "difficulty" in done.stdout[done.stdout.index("dataset v1") :]  # the funnel
    run = RunFolder(folder)
    rates = dict(pl.read_parquet(run.student_fates).select("prompt_id", "pass_rate").iter_rows())
    assert set(rates.values()) <= {0.0, 0.5, 1.0}
    rows = run.rows(["prompt_id"])["prompt_id"].to_list()
    met = [rates[id] for id in rows]
    assert max(met) <= 0.9
    assert met == sorted(met, reverse=True)  # the easier ones first
    assert len(set(rows)) == len(rows)
    decided = pl.read_parquet(folder / "dataset" / "v1" / "decisions.parquet")
    assert set(decided.filter(fate="spare")["spare_by"]) <= {"difficulty", "per_prompt"}
