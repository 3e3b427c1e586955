"""What is not published, and what card and manifest say of what was published all the same."""

import json
import random
import string
from pathlib import Path

import polars as pl
import pytest
from hub import Hub
from huggingface_hub import HfApi
from publishing import REPO, SOURCE, commits, done, publish, refused, rows_of, version
from runs import RIGHT, YES, made, run_of
from versions import manifest

from factory.hub.licences import forbidden
from factory.hub.refusals import of_the_version
from factory.hub.refusing import Refusal, forced
from factory.hub.secrets import secrets
from factory.versions.manifest import Input, Teacher

LETTERS = random.Random(3)


def made_up(begin: str, length: int, letters: str = string.ascii_letters) -> str:
    """A key that nobody gave anyone; whole, it stands nowhere in this repository."""
    return begin + "".join(LETTERS.sample(letters * 4, length))


AWS = made_up("AK" + "IA", 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
HUGGING_FACE = made_up("hf" + "_", 34)
OPENAI = made_up("s" + "k-proj-", 48)
PRIVATE = "-----BEGIN " + "RSA PRIVATE KEY-----\n" + made_up("MII", 60) + "\n"


def nothing_is_there(api: HfApi) -> bool:
    return not api.repo_exists(REPO, repo_type="dataset")


@pytest.mark.parametrize(
    ("kind", "secret"),
    [("aws", AWS), ("hugging_face", HUGGING_FACE), ("openai", OPENAI), ("private_key", PRIVATE)],
    ids=["aws", "hugging_face", "openai", "private_key"],
)
def test_a_secret_in_a_row_is_named_and_not_shown(
    local_hub: Hub, api: HfApi, tmp_path: Path, kind: str, secret: str
):
    rows = rows_of(range(9))
    told = {"role": "assistant", "content": f"<think>the key is {secret}</think> 5"}
    planted = [*rows["messages"].to_list()[:4], [told], *rows["messages"].to_list()[5:]]
    v1 = version(tmp_path, rows.with_columns(messages=pl.Series(planted)))
    told = refused(publish(local_hub, v1))
    assert f"secret:{kind}: data/train-00000-of-00001.parquet, row 000004, messages (" in told
    assert secret.strip()[:12] not in told.replace("-----BEGIN", "")
    assert f"--allow secret:{kind}" in told
    assert nothing_is_there(api)


def test_a_secret_in_a_page_is_found(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path, sampling={"system": f"Use {OPENAI}."})
    told = refused(publish(local_hub, v1))
    assert "secret:openai: manifest.json, line" in told
    assert OPENAI not in told
    assert nothing_is_there(api)


def test_the_token_in_use_is_never_published(local_hub: Hub, api: HfApi, tmp_path: Path):
    rows = rows_of(range(3)).with_columns(note=pl.lit(f"curl -H {local_hub.token}"))
    told = refused(publish(local_hub, version(tmp_path, rows)))
    assert "secret:own_token" in told
    assert local_hub.token not in told


def test_each_kind_is_told_with_some_places(tmp_path: Path):
    (tmp_path / "a.txt").write_text("\n".join([AWS] * 5))
    (found,) = secrets(tmp_path)
    assert found.rule == "secret:aws"
    assert found.words.startswith("a.txt, line 1 (AKIA…, 20 characters); a.txt, line 2 ")
    assert " and 2 more. " in found.words


def test_examples_of_documents_are_no_secrets(tmp_path: Path):
    (tmp_path / "a.md").write_text("AKIAIOSFODNN7EXAMPLE, hf_" + "x" * 34 + ", sk-" + "0" * 48)
    assert list(secrets(tmp_path)) == []


def source(license: str | None, **told: object) -> Input:
    return SOURCE.model_copy(update={"license": license} | told)


@pytest.mark.parametrize(
    ("license", "rule"),
    [
        ("cc-by-nc-4.0", "license:cc-by-nc-4.0"),
        ("CC-BY-NC-SA-4.0", "license:cc-by-nc-sa-4.0"),
        ("cc-by-nd-4.0", "license:cc-by-nd-4.0"),
        ("other", "license:other"),
        (None, "license:unknown"),
        ("unknown", "license:unknown"),
        ("mit", None),
        ("apache-2.0", None),
        ("cc-by-sa-4.0", None),  # the same licence, which the card states
    ],
)
def test_what_a_source_forbids(tmp_path: Path, license: str | None, rule: str | None):
    found = forbidden(manifest(inputs=[source(license)]), tmp_path)
    assert [each.rule for each in found] == ([rule] if rule else [])


def test_only_what_is_in_rows_counts(tmp_path: Path):
    benchmark = source("cc-by-nc-4.0", what="benchmark")
    held_out = source("cc-by-nc-4.0", held_out=9)
    assert list(forbidden(manifest(inputs=[benchmark, held_out]), tmp_path)) == []


def test_teachers_have_licences_too(tmp_path: Path):
    asked = {"digest": "", "draws": 9, "rows": 9}
    teachers = [Teacher(name="a", license="llama3", **asked), Teacher(name="b", **asked)]
    (found,) = forbidden(manifest(teachers=teachers), tmp_path)
    assert found.rule == "license:llama3"
    assert "teacher a, 9 rows" in found.words


def test_rows_name_licences_of_their_own(tmp_path: Path):
    licences = ["mit", "cc-by-nc-4.0", None]
    v1 = version(tmp_path, rows_of(range(3)).with_columns(license=pl.Series(licences)))
    found = [each.rule for each in forbidden(manifest(), v1)]
    assert found == ["license:unknown", "license:cc-by-nc-4.0"]


def test_a_licence_is_overridden_by_its_name(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path, inputs=[source("cc-by-nc-4.0"), source(None, name="b")])
    told = refused(publish(local_hub, v1, "--allow", "license:unknown"))
    assert "license:cc-by-nc-4.0: sums, 9 rows read: it allows no commercial use" in told
    assert "license:unknown" not in told
    done(publish(local_hub, v1, "--allow", "license"))
    file = api.hf_hub_download(REPO, "manifest.json", repo_type="dataset", cache_dir=tmp_path)
    told = json.loads(Path(file).read_bytes())["forced"]
    assert [each.partition(": ")[0] for each in told] == ["license:cc-by-nc-4.0", "license:unknown"]


def test_what_the_recipe_says_must_hold(local_hub: Hub, tmp_path: Path):
    asked = {"select": {"per_prompt": 1}, "tests": ["rows > 100", "prompts > 1"]}
    run = run_of(tmp_path / "run", {id: [(RIGHT, YES)] for id in "abc"}, dataset=asked)
    made(run)
    told = refused(publish(local_hub, run.run.path, "--allow", "license"))
    assert "test:rows: 'rows > 100' does not hold: it is 3" in told
    assert "test:prompts" not in told
    done(publish(local_hub, run.run.path, "--allow", "license", "--allow", "test:rows"))


def test_rows_that_teach_a_student_nothing(tmp_path: Path):
    v1 = version(tmp_path)
    student = {"student": "small", "rows": 20, "nothing": 2, "examples": ["a", "b"]}
    (found,) = of_the_version(v1, v1, manifest(students=[student], inputs=[SOURCE]))
    assert (found.rule, found.words) == ("student", "2 of 20 rows teach small nothing, as a, b")


def test_a_student_that_is_not_there_is_said(local_hub: Hub, tmp_path: Path):
    asked = {"select": {"per_prompt": 1}, "students": [{"path": "nowhere/at-all"}]}
    run = run_of(tmp_path / "run", {id: [(RIGHT, YES)] for id in "abc"}, dataset=asked)
    made(run)
    told = refused(publish(local_hub, run.run.path, "--allow", "license"))
    assert "student: a student could not be looked at" in told


def test_a_row_that_changed_for_no_reason_stops_it(local_hub: Hub, tmp_path: Path):
    rows = rows_of(range(9))
    done(publish(local_hub, version(tmp_path, rows)))
    edited = rows.with_columns(messages=rows_of(range(100, 109))["messages"])
    v2 = version(tmp_path, edited, measures={"edited": 1})
    told = refused(publish(local_hub, v2))
    assert "unexplained: 9 rows are other than in v1, and no reason explains them: 000000" in told
    done(publish(local_hub, v2, "--allow", "unexplained"))


def test_a_changed_file_is_not_published(local_hub: Hub, api: HfApi, tmp_path: Path):
    v1 = version(tmp_path)
    card = v1 / "README.md"
    card.write_text(card.read_text() + "more")
    told = refused(publish(local_hub, v1, "--allow", "verify"))
    assert "verify: README.md" in told
    assert "--allow" not in told
    assert nothing_is_there(api)


def test_a_card_that_was_edited_on_the_hub_is_not_lost(local_hub: Hub, api: HfApi, tmp_path: Path):
    done(publish(local_hub, version(tmp_path)))
    v2 = version(tmp_path, rows_of(range(9)))
    local_hub.commit(REPO, {"README.md": b"---\nlicense: mit\n---\nby hand", "LICENSE": b"mine"})
    told = refused(publish(local_hub, v2))
    assert "head: after 1.0.0 others committed to alice/sums" in told
    assert "LICENSE, README.md would be replaced or deleted" in told
    done(publish(local_hub, v2, "--allow", "head"))
    assert commits(api)[0] == "trial 2.0.0"


def test_a_rule_is_allowed_by_its_name_or_its_kind_s():
    refusal = Refusal("license:mit", "why")
    assert refusal.allowed(["license"])
    assert refusal.allowed(["license:mit"])
    assert not refusal.allowed(["license:m"])
    assert not Refusal("verify", "why", final=True).allowed(["verify"])
    assert forced([refusal], ["license"]) == ["license:mit: why"]
