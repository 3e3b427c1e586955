"""What a recipe says of a model: its template, its tags."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from factory.models import elsewhere
from factory.models.templates import PLAIN, TEMPLATES
from factory.recipe.models import OUR_TEMPLATES, Weights
from factory.recipe.served import Served
from factory.recipe.student import Student


def test_the_names_of_templates_are_those_that_there_are():
    assert (*TEMPLATES, PLAIN) == OUR_TEMPLATES


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"template": "chatml2"}, "expected chatml, llama3, deepseek, plain, or a file"),
        ({"template": "missing.jinja"}, "missing.jinja is no file"),
        ({"thinking_tags": ["<t>", "<t>"]}, "expected what opens and what closes"),
        ({"thinking_tags": ["<t>", " "]}, "two different texts"),
        ({"thinking_tags": ["<t>"]}, "Field required"),
    ],
)
def test_a_template_or_tags_that_are_none_are_refused(
    told: dict[str, Any], said: str, tmp_path: Path
):
    with pytest.raises(ValidationError, match=said):
        Weights.model_validate({"path": "some/model"} | told, context={"home": tmp_path})


def test_a_file_is_found_beside_the_recipe(tmp_path: Path):
    (tmp_path / "mine.jinja").write_text("{{ messages }}")
    told = {"path": "some/model", "template": "mine.jinja"}
    assert Weights.model_validate(told, context={"home": tmp_path}).template == "mine.jinja"


def test_the_student_s_template_is_its_base_s_now():
    base = {"path": "some/model"}
    with pytest.raises(ValidationError, match=r"`template` is gone.*NAME, template: llama3\}"):
        Student.model_validate({"base": base, "template": "llama3"})
    assert Student.model_validate({"base": base, "template": None}).base == Weights(**base)


def test_tags_of_a_served_model_make_another_teacher():
    def digest(**told: Any) -> str:
        asked = {"endpoint": "http://127.0.0.1:9/v1", "model": "r1"}
        return elsewhere(Served.model_validate(asked | told)).digest

    assert digest() == digest(thinking_tags=None) != digest(thinking_tags=["<r>", "</r>"])
