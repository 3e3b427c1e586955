"""What a judge rescues is counted apart from what the rules accept: here by scripted judges."""

from benchmarks.rescued import table

ASKED = [
    ("1 + 1?", "2", "two", True),
    ("Which prism?", "a right prism on a cyclic base", "one with bases in circles", True),
    ("1 + 1?", "2", "3", False),
]


def test_a_judge_that_takes_all_for_the_same_rescues_the_wrong_one_too():
    def ask(messages, seed):
        return "They agree.\nVERDICT " + messages[1]["content"].split()[1] + ": SAME"

    assert table(ASKED, ask).splitlines()[2:] == [
        "| right | 2 | 1 | 1 | 0 |",
        "| wrong | 1 | 0 | 1 | 0 |",
    ]


def test_a_judge_without_a_verdict_leaves_open_what_the_rules_refuse():
    assert table(ASKED, lambda messages, seed: "Hm.").splitlines()[2:] == [
        "| right | 2 | 1 | 0 | 1 |",
        "| wrong | 1 | 0 | 0 | 1 |",
    ]
