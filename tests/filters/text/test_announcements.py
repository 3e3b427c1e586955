"""Announcements in the languages that models write: each row is there for a text."""

# ruff: noqa: RUF001

import pytest

from filters.text import announcements
from filters.text.announcements import PHRASES
from filters.text.answer import formula


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.word)
def test_each_row_reads_its_text_and_no_other_row_does(phrase, monkeypatch):
    assert formula(phrase.said) == phrase.answer
    others = [row for row in PHRASES if row is not phrase]
    monkeypatch.setattr(announcements, "PHRASES", others)
    assert formula(phrase.said) is None


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("答案选 42", "42"),
        ("正确答案应该是 42。", "42"),
        ("**最终答案**\n\n42", "42"),
        ("### ✅ 最終的な答え：\n\n$$\n42\n$$", "42"),
        ("답: 42", "42"),
        ("최종 답변은 42입니다.", "42"),
        ("Respuesta: 42", "42"),
        ("**Réponse :** 42", "42"),
        ("Die endgültige Antwort ist 42.", "42"),
        ("Resposta final: 42", "42"),
        ("La risposta finale è 42.", "42"),
        ("**Ответ:** 42", "42"),
        ("সঠিক উত্তর হলো:\n\n**42**", "42"),
        ("### ✅ উত্তর (বাংলায়):\n**42**", "42"),
        ("الجواب: 42", "42"),
        ("คำตอบ: 42", "42"),
        ("ĐÁP ÁN: 42", "42"),
        ("**Jibu:** 42", "42"),
        ("The answer to the question of the 3 eggs is 42.", "42"),
        ("The answer\nis 42.", "42"),
        ("My final answer will be 42.", "42"),
        ("ANSWER: 42", "42"),
        ("Answer = 42", "42"),
    ],
)
def test_how_models_announce(response, answer):
    assert formula(response) == answer


@pytest.mark.parametrize(
    "response",
    [
        "соответствует: 42",  # a part of a word
        "Die Beantwortung: 42",
        "Correct answers count 5, so the sum of 8 answers is 40.",
        "To check if the final answer is 42 takes long.",
        "No answer is 42.",
        "错误答案是 42",
    ],
)
def test_what_is_no_announcement(response):
    assert formula(response) is None
