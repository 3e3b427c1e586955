"""Texts of `--what-if` become other rules, or an error that says how to mend them."""

import pytest

from factory.audit.what_if.settings import as_recipe, changed
from factory.errors import RecipeError
from filters import Filters

RULES = Filters.model_validate(
    {
        "format": {},
        "length": {"max_tokens": 96, "max_paragraph_chars": 2000},
        "code_blocks": [{"domains": ["math", "logic"]}, {"allow": ["code"]}],
        "duplicates": {},
    }
)


@pytest.mark.parametrize(
    ("texts", "recipe"),
    [
        (["length.max_tokens=8,192"], "length: {max_tokens: 8192, max_paragraph_chars: 2000}"),
        (["length.max_tokens=none"], "length: {max_paragraph_chars: 2000}"),  # no limit
        (["format.final_answer=off"], "format: {final_answer: false}"),
        (["thinking=on", "thinking.max_switches=3"], "thinking: {max_switches: 3}"),
        (["truncation=on"], "truncation: {}"),
        (["format=on", "format.final_answer=true"], ""),  # as it was
        (["format=off"], "# format"),
        # all entries, where no domain is named
        (
            ["code_blocks.allow=[proofs]"],
            "code_blocks: [{domains: [math, logic], allow: [proofs]}, {allow: [proofs]}]",
        ),
        # an entry of many domains is taken apart
        (
            ["code_blocks[logic].allow=[logic]"],
            "code_blocks: [{domains: [math]}, {allow: [code]}, {domains: [logic], allow: [logic]}]",
        ),
        # those that no entry names
        (
            ["code_blocks[].allow=[]"],
            "code_blocks: [{domains: [math, logic]}, {}]",
        ),
        # a domain of those gets an entry like theirs
        (
            ["length[math].max_tokens=10"],
            "length: [{max_tokens: 96, max_paragraph_chars: 2000},"
            " {domains: [math], max_tokens: 10, max_paragraph_chars: 2000}]",
        ),
        (["code_blocks[]=off", "code_blocks[math]=off"], "code_blocks: {domains: [logic]}"),
    ],
)
def test_other_rules(texts: list[str], recipe: str):
    from ruamel.yaml import YAML

    told = as_recipe(RULES, changed(RULES, texts))
    if recipe.startswith("#"):
        assert told == f"{recipe}: leave it out of the filters\n"
        return
    yaml = YAML(typ="safe")
    assert yaml.load(told or "{}").get("filters", {}) == yaml.load(f"{{{recipe}}}")
    again = Filters.model_validate(RULES.model_dump() | yaml.load(told or "{}").get("filters", {}))
    assert again == changed(RULES, texts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("length", "expected FILTER.SETTING=VALUE"),
        ("length=3", "expected FILTER.SETTING=VALUE"),
        ("lenght.max_tokens=3", "no filter is called 'lenght'; did you mean 'length'?"),
        ("length.max_token=3", "no setting 'max_token'; did you mean 'max_tokens'? Known: min_"),
        ("length.max_tokens=many", "length.max_tokens=many': max_tokens: Input should be"),
        ("length.max_tokens=0", "greater than or equal to 1"),
        ("thinking.max_switches=3", "thinking is not in use: say thinking=on first"),
        ("duplicates.min_similarity=0.9", "says what is measured, not what is dropped"),
        ("format.forbid_thinking=true", "forbid_thinking goes with `require_thinking: false`"),
        ("format[math]=off", "an entry of format judges all domains"),
        ("code_blocks[math,]x=1", "expected FILTER.SETTING=VALUE"),
    ],
)
def test_a_mistake_is_told_with_its_remedy(text: str, said: str):
    with pytest.raises(RecipeError) as error:
        changed(RULES, [text])
    assert said in str(error.value)
    assert repr(text) in str(error.value)
