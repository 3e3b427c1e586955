"""How good the verifiers are: the labelled sets, and the report that says so."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from needs import a_sandbox

from factory.cli import main
from filters import own as own_code
from filters.verifiers import Verdict
from filters.verifiers.check import check, load, read, wilson

SETS = Path(__file__).parents[2] / "data" / "verifiers"
ROWS = [
    {"gold": "12", "prediction": r"\boxed{12}", "expected": "correct", "kind": "a"},
    {"gold": "12", "prediction": "12", "expected": "incorrect", "kind": "a"},
    {"gold": "12", "prediction": "13", "expected": "correct", "kind": "b"},
    {"gold": "", "prediction": "13", "expected": "incorrect", "kind": "b"},
]


def own(response: str | None, reference: object) -> Verdict:
    """A person's own verifier."""
    if response == "12":
        raise RuntimeError("no idea")
    return Verdict("correct")


@pytest.mark.parametrize("name", ["math", "choice", "numeric", "exact", "logic"])
def test_the_labelled_sets(name):
    """Each has full marks, none and malformed lines; a second look at some says the same."""
    rows = list(read(SETS / f"{name}.jsonl"))
    first = check(rows, name).lines
    faults = [
        (line.row["gold"], line.row["prediction"], line.fault) for line in first if line.fault
    ]
    assert faults == []
    for line, again in zip(first[::7], check(rows[::7], name).lines, strict=True):
        assert line.verdict.outcome == again.verdict.outcome


@pytest.mark.xdist_group("sandbox")
@a_sandbox
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_the_labelled_set_of_code(every):
    rows = list(read(SETS / "code.jsonl"))[::every]
    lines = check(rows, "code").lines
    # A machine that is busy with other tests may be too slow to tell; it must not tell wrong.
    faults = [
        (line.row["program"], line.row["tests"], line.fault, line.verdict.reason)
        for line in lines
        if line.fault and not (line.verdict.reason or "").startswith("machine_slow")
    ]
    assert faults == []


def test_the_labelled_set_of_code_is_what_is_said():
    rows = list(read(SETS / "code.jsonl"))
    assert len({(row["program"], str(row["tests"])) for row in rows}) == len(rows) >= 80
    labels = [row["expected"] for row in rows]
    assert min(labels.count("correct"), labels.count("incorrect")) >= len(rows) / 4
    assert "unverifiable" in labels


def test_the_labelled_set_of_math_is_as_large_as_is_said():
    rows = list(read(SETS / "math.jsonl"))
    assert len(rows) >= 400
    assert len({(row["gold"], row["prediction"]) for row in rows}) == len(rows)
    labels = [row["expected"] for row in rows]
    assert min(labels.count("correct"), labels.count("incorrect")) >= 0.4 * len(rows)


def test_what_is_counted():
    report = check(ROWS, "math")
    assert [line.fault for line in report.lines] == [
        None,
        "false accept",
        "false reject",
        "unverifiable",
    ]
    assert {kind: part.count(None) for kind, part in report.kinds().items()} == {"a": 1, "b": 0}


def test_the_report_reads_like_this():
    assert str(check(ROWS, "math")) == "\n".join(
        [
            "4 lines",
            " agreement          1   25.00%    4.56% to  69.94%",
            " false accepts      1   25.00%    4.56% to  69.94%",
            " false rejects      1   25.00%    4.56% to  69.94%",
            " unverifiable       1   25.00%    4.56% to  69.94%",
            "",
            "kind                     lines  agree  false accepts  false rejects",
            "a                            2  50.0%              1              0",
            "b                            2   0.0%              0              1",
            "",
            "false accept: gold '12', prediction '12'",
            "false reject (wrong_answer): gold '12', prediction '13'",
            "unverifiable (bad_reference: it is empty): gold '', prediction '13'",
        ]
    )


@pytest.mark.parametrize(
    ("prediction", "outcome"),
    [
        ("<think>13?</think>12", "correct"),  # a bare answer after the thinking
        (r"<think>\boxed{12}", "incorrect"),  # no response at all
        ("I have no\nidea: 12", "incorrect"),  # a response without an answer is no bare answer
    ],
)
def test_predictions_are_responses_or_answers(prediction, outcome):
    row = {"gold": "12", "prediction": prediction, "expected": "correct"}
    assert check([row], "math").lines[0].verdict.outcome == outcome


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_wilson_s_interval(count, total, low, high):
    """Against the values that R's prop.test without correction gives."""
    assert wilson(count, total) == pytest.approx((low, high), abs=1e-4)


def test_a_verifier_of_one_s_own():
    report = check(ROWS, own)
    assert [line.verdict.outcome for line in report.lines] == [
        "correct",
        "unverifiable",
        "correct",
        "correct",
    ]
    assert report.lines[1].verdict.reason == "crash: RuntimeError: no idea"


def test_a_verifier_of_one_s_own_may_return_less_than_a_verdict():
    given = iter([True, 0.0, None, "yes"])
    report = check(ROWS, lambda response, reference: next(given))
    assert [(line.verdict.outcome, line.verdict.reason) for line in report.lines] == [
        ("correct", None),
        ("incorrect", "wrong_answer"),
        ("unverifiable", "no_verdict: it returned None"),
        ("unverifiable", "no_verdict: it returned str"),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("maths", r"no verifier 'maths'; did you mean 'math'\? There are math"),
        ("no_such_module:judge", "there is no module no_such_module"),
        ("filters.own:no_such_function", "has no function no_such_function"),
        ("filters.own:OUTCOMES", "filters.own:OUTCOMES is no function but tuple"),
    ],
)
def test_a_verifier_that_is_not_there(name, said):
    with pytest.raises(ValueError, match=said):
        load(name)


def test_a_named_one_is_called_as_a_run_calls_it(tmp_path, monkeypatch):
    """In a worker, never without a response; what it raises is told."""
    (tmp_path / "looked_up.py").write_text(
        "def verify(response, key):\n    return {'12': 1}[response]\n"
    )
    monkeypatch.setattr(own_code, "_home", tmp_path)
    rows = [
        {"gold": "12", "prediction": text, "expected": "correct"}
        for text in ("12", "13", "<think>12")
    ]
    verdicts = [line.verdict for line in check(rows, load("looked_up:verify")).lines]
    assert [(verdict.outcome, verdict.reason) for verdict in verdicts] == [
        ("correct", None),
        ("unverifiable", "crash: KeyError: '13'"),
        ("incorrect", "unfinished"),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "answers.jsonl:2: no JSON"),
        ("[]", "answers.jsonl:2: an object was expected, not list"),
        ('{"gold": 1}', "answers.jsonl:2: it lacks prediction or program"),
        (
            '{"gold": 1, "prediction": 1, "expected": "correct"}',
            "answers.jsonl:2: prediction must be a text",
        ),
        (
            '{"gold": 1, "prediction": "1", "expected": "yes"}',
            "answers.jsonl:2: expected is 'yes', and must be one of correct, incorrect",
        ),
    ],
)
def test_the_command_names_a_malformed_line(tmp_path, line, said):
    file = tmp_path / "answers.jsonl"
    file.write_text(f"{json.dumps(ROWS[0])}\n{line}\n")
    result = CliRunner().invoke(main, ["check-verifier", str(file), "--verifier", "math"])
    assert result.exit_code == 1
    assert said in result.stderr


def test_the_command(tmp_path):
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    result = CliRunner().invoke(main, ["check-verifier", str(file), "--verifier", "math"])
    assert result.exit_code == 0
    assert result.stdout == f"{check(ROWS, 'math')}\n"
    missing = CliRunner().invoke(main, ["check-verifier", str(file), "--verifier", "maths"])
    assert missing.exit_code == 2
    assert "no verifier 'maths'" in missing.stderr
