"""The curves of a training, as a picture and as a page in a browser."""

from pathlib import Path
from typing import Any

import pytest
from browser import chromium

from teacher import curves, curves_page
from teacher.rollouts import Rollouts, measured

HOSTILE = "<script>window.hit()</script><img src=x onerror='window.hit()'></pre></td>"
LOG: list[dict[str, Any]] = [
    {"step": 0, "eval_pass_at_1": 0.2, "eval_pass_at_1_low": 0.1, "eval_pass_at_1_high": 0.3}
    | {"eval_reward": 0.25, "eval_draws/length": 18.0, "eval_draws/language": 0.9},
    *(
        {
            "step": step,
            "reward": 0.1 * step,
            "rewards/accuracy/mean": 0.08 * step,
            "rewards/format/mean": 0.5,
            "completions/mean_length": 20.0 + step,
            "draws/right": 0.08 * step,
            "draws/reflection": 0.01,
            "frac_reward_zero_std": 0.4,
        }
        for step in range(1, 9)
    ),
    {"step": 8, "eval_pass_at_1": 0.1, "eval_pass_at_1_low": 0.05, "eval_pass_at_1_high": 0.2}
    | {"eval_reward": 0.9, "eval_draws/length": 40.0, "eval_parted_since": 0},
]


def rollouts(folder: Path, answers: dict[int, str]) -> Rollouts:
    kept = Rollouts(folder / "held-out", folder / "given-up")
    for step, text in answers.items():
        row = {
            "turns": [{"role": "user", "content": f"2 + 3? {HOSTILE}"}],
            "text": text,
            "prompt_id": "p1",
            "completion_tokens": 1200,
            "finish_reason": "stop",
            "source": "made",
            "language": "en",
            "verifier": "math",
            "reference": "5",
            "verdict": "incorrect",
            "rewards": [],
            "reward": 0.5,
            "advantage": None,
        }
        kept.write(step, measured([row], step, opened=False))
    return kept


def page(folder: Path, log: list[dict[str, Any]], answers: dict[int, str]) -> Path:
    picture, file = curves.draw(log, folder / "curves.png"), folder / "curves.html"
    curves_page.write(log, rollouts(folder, answers), picture, file)
    return file


def test_what_there_is_is_drawn():
    titles = [panel.title for panel in curves.panels(LOG)]
    assert titles[:3] == ["reward of a step's draws", "right, %", "response length, tokens"]
    assert "words of reflection, % of the thinking's" in titles
    assert curves.points(LOG, "eval_pass_at_1") == [(0, 0.2), (8, 0.1)]


def test_a_log_of_nothing_is_a_picture_too(tmp_path: Path):
    assert curves.draw([], tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_says_what_the_examinations_found_and_where_they_part(tmp_path: Path):
    told = page(tmp_path, LOG, {0: "five", 8: "six"}).read_text()
    assert "<td>20.0</td><td>10.0 to 30.0</td><td>0.250</td>" in told
    assert "From step 0 to step 8 the reward of held-out draws rose" in told
    assert told.count("data:image/png;base64,") == 1
    assert "five" in told
    assert "incorrect, reward 0.50, 1,200 tokens" in told


def test_of_many_examinations_some_are_shown_the_first_and_the_last_among_them(tmp_path: Path):
    told = page(tmp_path, LOG, {step: f"answer {step}" for step in range(0, 110, 10)}).read_text()
    assert [step for step in range(0, 110, 10) if f"step {step}</th>" in told] == [
        *(0, 20, 50, 80, 100)
    ]


def test_without_held_out_prompts_there_is_no_table(tmp_path: Path):
    told = page(tmp_path, LOG[1:-1], {}).read_text()
    assert "No held-out prompts were looked at." in told
    assert "The same prompts" not in told


@pytest.mark.parametrize("text", [HOSTILE, "</html>" + HOSTILE, "&lt;script&gt;"])
def test_what_a_model_wrote_does_nothing_in_a_browser(text: str, tmp_path: Path):
    file = page(tmp_path, LOG, {0: text, 8: text})
    with chromium() as browser:
        window = browser.new_page()
        asked: list[str] = []
        window.on("request", lambda request: asked.append(request.url))
        window.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
        window.goto(file.as_uri())
        assert window.evaluate("window.hits") == 0
        assert window.locator("script").count() == 0
        assert window.locator("td pre").first.inner_text() == text
        assert window.locator("img").count() == 1
        assert all(url.startswith(("file:", "data:")) for url in asked)
        assert window.locator("img").evaluate("image => image.naturalWidth") > 500
