"""Which code block of a response is its program."""

import pytest

from filters.verifiers import code


@pytest.mark.parametrize(
    ("response", "program"),
    [
        ("So:\n```python\nprint(1)\n```\nDone.", "print(1)"),
        ("```\nprint(1)\n```", "print(1)"),  # no label
        ("```python\n1\n```\n```python\n2\n```", "2"),  # the last one
        ("```python\n1\n```\nIt prints\n```text\n2\n```", "1"),  # an example of the output
        ("~~~py\n1\n~~~", "1"),
        ("````python\n'''\n```\n'''\n````", "'''\n```\n'''"),  # a longer fence holds shorter ones
        ("```python\r\n1\r\n```", "1"),
        ("1. First\n   ```python\n   if 1:\n     2\n   ```", "if 1:\n  2"),  # in a list
        ("```python\nprint(1)", "print(1)"),  # never closed
        ("```python\n1\n```\n```python\n", "1"),  # the last one is empty
        ("```python\nf()\n```\nRun it:\n```bash\npython a.py\n```", "f()"),
        ("```python\nf()\n```\nIt prints\n```\n3 4\nYes\n```", "f()"),
        ("```python\nf()\n```\nIt prints\n```\nYes\n```", "f()"),  # Yes is Python, too
        ("```python\nf()\n```\nBetter:\n```\nprint(g())\n```", "print(g())"),
        ("```bash\nls\n```", "ls"),  # where there is nothing else
        (  # how it is used
            "```python\ndef f(): pass\n```\nFor example:\n```python\nprint(f())\n```",
            "def f(): pass",
        ),
        (  # one program in two blocks
            "```python\ndef f(n): pass\n```\nand\n```python\nprint(f(input()))\n```",
            "def f(n): pass\nprint(f(input()))",
        ),
        ("```\n```python\n1\n```\n```", "1"),  # a fence around a fence
        ("```{.python}\n1\n```", "1"),
        ("print(1)", None),
        ("The answer is `print(1)`.", None),
        (r"\boxed{1}", None),
        ("```text\n1\n```", None),
        ("", None),
    ],
)
def test_the_last_code_block_is_the_answer(response, program):
    assert code.extract(response) == program


def test_extraction_takes_a_hostile_answer_in_one_pass():
    assert code.extract("```" * 10**6) is None
    assert code.extract("```python\n" * 10**5) is not None
    assert code.extract("`" * 10**6 + "\n1") == "1"
