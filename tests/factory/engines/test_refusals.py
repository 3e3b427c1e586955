"""What servers say in place of a draw: no money, no access, later, or of this request alone."""

import json
from typing import Any

import pytest

from factory.engines.refusals import Refusal, Trouble, refusal, said_by, said_in

NO_MONEY = [
    (402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}, "DeepSeek"),
    (402, {"error": {"code": 402, "message": "This request requires more credits"}}, "OpenRouter"),
    (
        429,
        {
            "error": {
                "message": "You exceeded your current quota, please check your plan and billing "
                "details.",
                "type": "insufficient_quota",
                "code": "insufficient_quota",
            }
        },
        "OpenAI",
    ),
    (
        400,
        {"error": {"message": "Billing hard limit has been reached", "code": None}}
        | {"type": "billing_hard_limit_reached"},
        "OpenAI's limit",
    ),
    (429, {"error": {"message": "Billing not active", "code": "billing_not_active"}}, "OpenAI"),
    (
        400,
        {"type": "error"}
        | {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}},
        "Anthropic",
    ),
    (
        400,
        {"error": {"message": "You have reached your specified API usage limits."}},
        "Anthropic's limit",
    ),
    (
        429,
        {
            "error": {
                "type": "exceeded_current_quota_error",
                "message": "Your account is suspended due to insufficient balance, please recharge",
            }
        },
        "Moonshot",
    ),
    (429, {"error": {"code": "1113", "message": "账户已欠费"}}, "Zhipu"),
    (403, {"error": {"message": "The account associated with this key has been deactivated"}}, ""),
    (400, {"code": "Arrearage", "message": "Access denied, see to your account"}, "Alibaba"),
    (429, "You have run out of credits. Purchase more credits to go on.", "plain text"),
]
LIMITED = [
    (429, {"error": {"message": "too many"}}, None, "no more than that"),
    (
        429,
        {
            "error": {
                "code": "429",
                "message": "Requests to the API have exceeded token rate limit of your current "
                "OpenAI S0 pricing tier. Please retry after 2 seconds. Please go here: "
                "https://aka.ms/oai/quotaincrease if you would like to increase the limit.",
            }
        },
        2.0,
        "Azure",
    ),
    (
        429,
        [
            {
                "error": {
                    "code": 429,
                    "message": "You exceeded your current quota, please check your plan and "
                    "billing details. Quota exceeded for metric: "
                    "generate_content_free_tier_requests, limit: 10\nPlease retry in 37.2s.",
                    "status": "RESOURCE_EXHAUSTED",
                    "details": [{"retryDelay": "37s"}],
                }
            }
        ],
        37.2,
        "Google",
    ),
    (
        429,
        {
            "error": {
                "code": 429,
                "message": "Quota exceeded for quota metric 'Requests' and limit 'per minute'",
                "details": [{"@type": "RetryInfo", "retryDelay": "12s"}],
            }
        },
        12.0,
        "Google's quota",
    ),
    (
        429,
        {
            "error": {
                "message": "Rate limit reached for gpt on tokens per min (TPM): Limit 30000, Used "
                "29000. Please try again in 860ms. Visit billing to raise it.",
                "type": "tokens",
                "code": "rate_limit_exceeded",
            }
        },
        0.86,
        "OpenAI",
    ),
    (429, {"error": {"message": "quota exceeded"}}, None, "no word of money"),
    (
        429,
        {"error": {"message": "Rate limit exceeded: free-models-per-day. Add 10 credits for more"}},
        None,
        "OpenRouter",
    ),
    (403, {"error": {"message": "Quota exceeded: 60 requests per minute"}}, None, "as a 403"),
]
ACCESS = [
    (401, {"error": {"message": "Incorrect API key provided"}}),
    (401, "Unauthorized"),
    (403, {"error": {"message": "Country, region, or territory not supported"}}),
    (403, {"error": {"message": "You do not have permission to use this model"}}),
]
ALONE = [
    (403, {"error": {"message": "Input was flagged", "metadata": {"reasons": ["violence"]}}}),
    (403, {"error": {"message": "Access denied by content policy"}}),
    (400, {"error": {"message": "maximum context length is 4096 tokens"}}),
    (422, {"detail": [{"loc": ["body", "x"], "msg": "bad", "input": "my credit balance"}]}),
    (400, {"error": {"message": "The response was filtered", "code": "content_filter"}}),
]


def told(status: int, body: Any) -> Trouble | Refusal:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return refusal(said_by(status, content))


@pytest.mark.parametrize(("status", "body", "who"), NO_MONEY)
def test_an_empty_account_is_known_by_its_words(status: int, body: Any, who: str):
    failure = told(status, body)
    assert isinstance(failure, Refusal), who
    assert failure.why == "money", who


@pytest.mark.parametrize(("status", "body", "who"), [row for row in NO_MONEY if row[0] != 402])
def test_and_so_inside_of_an_answer(status: int, body: Any, who: str):
    if isinstance(body, dict) and "error" in body:
        assert isinstance(failure := refusal(said_in(body["error"])), Refusal), who
        assert failure.why == "money", who


@pytest.mark.parametrize(("status", "body", "wait", "who"), LIMITED)
def test_a_limit_that_passes_is_waited_for(status: int, body: Any, wait: float | None, who: str):
    failure = told(status, body)
    assert isinstance(failure, Trouble), who
    assert (failure.failure.reason, failure.asked) == ("rate_limited", wait), who


def test_a_wait_that_a_header_asks_for_makes_a_limit_of_it():
    body = b'{"error": {"message": "You exceeded your current quota, see billing"}}'
    assert isinstance(refusal(said_by(429, body), 20.0), Trouble)


@pytest.mark.parametrize(("status", "body"), ACCESS)
def test_a_key_that_is_not_let_in(status: int, body: Any):
    failure = told(status, body)
    assert isinstance(failure, Refusal)
    assert failure.why == "access"


@pytest.mark.parametrize(("status", "body"), ALONE)
def test_a_verdict_on_one_request_is_of_that_one(status: int, body: Any):
    failure = told(status, body)
    assert isinstance(failure, Refusal)
    assert (failure.why, failure.final) == ("", True)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429, "message": "slow down"}, 429),
        ({"code": "rate_limit_exceeded"}, 429),
        ({"status": "RESOURCE_EXHAUSTED"}, 429),
        ({"type": "overloaded_error", "message": "Overloaded"}, 503),
        ({"type": "invalid_request_error", "message": "too long"}, 400),
        ({"type": "authentication_error"}, 401),
        ({"code": "server_error"}, 500),
        ("out of memory", 500),
        ({"error": {"code": 503, "message": "inside"}}, 503),
        ([{"code": 400}], 400),
    ],
)
def test_an_error_without_a_status_says_one_itself(error: Any, status: int):
    assert said_in(error).status == status


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"detail": "Not Found"}', "Not Found"),
        (b'{"object": "error", "message": "no such model"}', "no such model"),
        (b'{"error": "model is loading"}', "model is loading"),
        (
            b'{"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}',
            "seed: Extra inputs are not permitted",
        ),
        (b'{"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}', "insuff"),
        (b"<!DOCTYPE html><html><head><title>Sign in</title>", "a web page: Sign in"),
        (b"<html><body><h1>502</h1> Bad  Gateway</body></html>", "a web page: 502 Bad Gateway"),
        (b"busy", "busy"),
        (b"", ""),
        (b"[]", "[]"),
    ],
)
def test_words_are_found_wherever_servers_put_them(body: bytes, words: str):
    assert words in said_by(400, body).words
