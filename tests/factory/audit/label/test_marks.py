"""Marks: lines of a file that only grows, whole whatever happens."""

from pathlib import Path

import pytest

from factory.audit.label.marks import Mark, Strata, Stratum, Writer, import_file, lines_of, read
from factory.errors import RunInUse, StageError


def mark(row: str, word: str | None = "yes", who: str = "ann", **told: str) -> Mark:
    plain = {"who": who, "at": "2026-11-26T19:00:00Z", "question": "right", "rules": "r1"}
    return Mark.model_validate(
        plain | {"row": row, "judge": "math", "stratum": "correct", "mark": word} | told
    )


def strata(who: str = "ann") -> Strata:
    own = [Stratum(judge="math", stratum="correct", claim=True, rows=10, drawn=2)]
    return Strata(who=who, at="2026-11-26T19:00:00Z", question="right", words="Right?",
                  about="verifier", rules="r1", strata=own)  # fmt: skip


def written(folder: Path, *lines: Mark | Strata, who: str = "ann") -> Path:
    writer = Writer(folder, who)
    writer.append(lines)
    writer.close()
    return writer.file


def test_a_later_mark_takes_the_place_of_an_earlier_one_and_null_takes_it_back(tmp_path: Path):
    written(tmp_path, strata(), mark("a"), mark("b", note="see \u202e </script>"), mark("c"))
    written(tmp_path, mark("a", "no"), mark("c", None))
    found = read(tmp_path)
    said = {row: marks["ann"].mark for (_, _, row), marks in found.marks.items() if marks}
    assert said == {"a": "no", "b": "yes"}
    assert found.of("ann", "right", "r1", "b") == mark("b", note="see \u202e </script>")
    assert found.strata["right", "r1"].strata[0].rows == 10
    assert len(list(lines_of(tmp_path / "ann.jsonl"))) == 6, "nothing is taken out of the file"


def test_a_line_that_was_cut_off_is_none_and_the_next_begins_where_it_did(tmp_path: Path):
    file = written(tmp_path, mark("a"), mark("b"))
    whole = file.read_bytes()
    for cut in range(len(whole) // 2 + 1, len(whole)):
        file.write_bytes(whole[:cut])
        assert [line.row for line in lines_of(file) if isinstance(line, Mark)] == ["a"]
        written(tmp_path, mark("c"))
        assert [line.row for line in lines_of(file) if isinstance(line, Mark)] == ["a", "c"]


def test_a_line_that_is_no_mark_is_named(tmp_path: Path):
    file = written(tmp_path, mark("a"), mark("b"))
    file.write_bytes(file.read_bytes().replace(b'"yes"', b'"maybe"', 1))
    with pytest.raises(StageError, match=r"ann\.jsonl:1: no mark: mark\.mark: Input should be"):
        read(tmp_path)
    file.write_bytes(b"gone\n")
    with pytest.raises(StageError, match="no JSON"):
        read(tmp_path)


def test_one_process_at_a_time_writes_marks_of_a_person(tmp_path: Path):
    first = Writer(tmp_path, "ann")
    with pytest.raises(RunInUse, match="another process writes marks of ann"):
        Writer(tmp_path, "ann")
    Writer(tmp_path, "ben").close()
    first.close()
    Writer(tmp_path, "ann").close()


@pytest.mark.parametrize("name", ["../ann", "a/b", "", ".hidden", "a b", "x" * 65])
def test_a_name_is_one_of_a_file(name: str, tmp_path: Path):
    with pytest.raises(StageError, match="a name of letters, digits"):
        Writer(tmp_path / "labels", name)


def test_marks_of_others_are_taken_in_once(tmp_path: Path):
    theirs = written(tmp_path / "theirs", strata("ben"), mark("a", "no", "ben"), who="ben")
    assert import_file(theirs, tmp_path / "labels") == {"ben": 2}
    written(tmp_path / "theirs", mark("b", "no", "ben"), who="ben")
    assert import_file(theirs, tmp_path / "labels") == {"ben": 1}, "what has come since"
    assert import_file(theirs, tmp_path / "labels") == {"ben": 0}
    assert read(tmp_path / "labels").people() == ["ben"]


def test_a_file_of_something_else_is_not_taken_in(tmp_path: Path):
    other = tmp_path / "other.jsonl"
    other.write_text('{"who": "ben"}\n')
    with pytest.raises(StageError, match=r"other\.jsonl:1: no mark"):
        import_file(other, tmp_path / "labels")
    other.write_text("")
    with pytest.raises(StageError, match="no marks; a file that"):
        import_file(other, tmp_path / "labels")
    assert not (tmp_path / "labels").exists()
