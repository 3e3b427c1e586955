"""Outputs and values are compared as data, as nearly as their source wants."""

import pytest

from filters.verifiers.code.outputs import (
    ALLCLOSE,
    EXACT,
    LEETCODE,
    USUAL,
    Tolerance,
    read_value,
    same_text,
    same_value,
)

TOLD = Tolerance(1e-9, 1e-9, told=True, whole=True)


@pytest.mark.parametrize(
    ("found", "expected", "tolerance", "same"),
    [
        ("1 2\n", "1 2", EXACT, True),
        ("1  2 \n\n3", "1 2\n3\n", EXACT, True),
        ("1\n2", "1 2", EXACT, False),  # lines matter
        ("Yes", "YES", EXACT, False),
        ("1.0", "1", EXACT, False),  # without a tolerance, numbers are words
        ("1.0", "1", TOLD, True),
        ("nan", "nan", TOLD, True),  # the same word
        ("nan", "1", TOLD, False),
        ("inf", "1", TOLD, False),
        ("", "\n", EXACT, True),
        ("", "1", EXACT, False),
        ("1 2", "1", TOLD, False),
        # What is usual: six digits, where a point says that it is no whole number.
        ("0.333333333", "0.333333333333", USUAL, True),
        ("0.333", "0.333333333333", USUAL, False),
        ("7.812559200041265", "7.8125592000412651", USUAL, True),
        ("2", "2.0", USUAL, True),
        ("2.0", "2", USUAL, False),
        ("2.0", "2", ALLCLOSE, True),  # as these graders have it
        ("2.5", "2", ALLCLOSE, False),
        ("1000001", "1000000", ALLCLOSE, False),  # as they do not: whole numbers are exact
        ("0100", "100", ALLCLOSE, False),
        ("1e-05", "0.00001", USUAL, True),
        ("1234567.88", "1234567.89", USUAL, False),  # another sum of money
        ("123456789012345.66", "123456789012345.67", USUAL, True),  # no double knows better
        ("1_000.0", "1000.0", USUAL, False),
        ("6.06449510224598", "6.06449510224597979401", USUAL, True),
        # The digits of pi are asked for: a double has 17 of them.
        ("3.14159265358979311599796346854", "3.14159265358979323846264338327", USUAL, False),
        ("1" * 400 + ".0", "2" * 400 + ".0", USUAL, False),
    ],
)
def test_outputs_are_compared_by_words_and_lines(found, expected, tolerance, same):
    assert same_text(found, expected, tolerance) is same


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        ([0.1 + 0.2], [0.3], True),
        (1.5714285714285712, 1.57143, True),
        (1.572, 1.57143, False),
        (2, 2.0, True),
        (1.000001, 1, False),  # a whole number is exact
        (0.30000000000000004, 0.3, True),
        ([[1.0, "a"]], [[1.0000001, "b"]], False),
    ],
)
def test_floats_of_functions_are_near(found, expected, same):
    assert same_value(found, expected, strict=False, tolerance=LEETCODE) is same


@pytest.mark.parametrize(
    ("found", "expected", "strict", "same"),
    [
        ([1, 2], [1, 2], True, True),
        ([1, 2], {"tuple": [1, 2]}, True, False),
        ([1, 2], {"tuple": [1, 2]}, False, True),
        ({"set": [2, 1]}, {"set": [1, 2]}, True, True),
        ({"dict": [[1, "a"]]}, {"dict": [["1", "a"]]}, True, False),
        ({"dict": [[1, "a"]]}, {"dict": [["1", "a"]]}, False, True),  # JSON's keys are texts
        (1.0, 1, True, True),  # as in Python
        (True, 1, True, True),
        ("1", 1, True, False),
        (None, 0, True, False),
        ({"object": "Any"}, {"object": "Any"}, True, False),  # whatever it was
        ({"tuple": 1}, {"tuple": [1]}, True, False),  # nothing the harness would send
        ({"set": [1], "tuple": [1]}, {"set": [1]}, True, False),
        ({}, {"set": []}, True, False),
        (["x"], 3, True, False),
    ],
)
def test_values_are_compared_as_data(found, expected, strict, same):
    assert same_value(found, expected, strict) is same


@pytest.mark.parametrize("output", [b"", b"yes", b"1 2", b"[" * 10**5, b"9" * 10**6, b" " * 2**21])
def test_what_is_no_value_is_refused(output):
    with pytest.raises(ValueError, match=r"."):
        read_value(output)
