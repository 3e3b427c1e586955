"""Keys, tokens and passwords, by the forms that their makers gave them.

What a document shows as an example is none: a key in which few characters differ, or that says
EXAMPLE.
"""

from __future__ import annotations

import base64
import binascii
import re

from filters.text.patterns import Kind

_PLACEHOLDER = re.compile(
    r"(?i)x{4}|example|your|\*{3}|\.{3}|0{6}|placeholder|secret|password|passwd|changeme|<|\{|\$|dummy|fake"
)
_DIFFERENT = 10
"""Least number of different characters in a key; a made-up one has fewer."""


def _is_key(found: re.Match[str]) -> bool:
    return not _PLACEHOLDER.search(found[0]) and len(set(found[0])) >= _DIFFERENT


def _is_token(found: re.Match[str]) -> bool:
    """A JSON web token by its head, which names an algorithm."""
    head = found[0].partition(".")[0]
    try:
        return b'"alg"' in base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    except (binascii.Error, ValueError):
        return False


def _is_password(found: re.Match[str]) -> bool:
    return (
        not _PLACEHOLDER.search(found[1])
        and len(set(found[1])) >= 6
        and found[1].lower() not in ("pass",)
    )


SECRETS = (
    Kind("aws", re.compile(r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z2-7]{16}\b"), _is_key),
    Kind(
        "github",
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})\b"),
        _is_key,
    ),
    Kind("gitlab", re.compile(r"\bglpat-[\w-]{20,}"), _is_key),
    Kind("hugging_face", re.compile(r"\bhf_[A-Za-z]{34}\b"), _is_key),
    Kind("openai", re.compile(r"\bsk-(?:proj-|svcacct-|admin-|ant-)?[A-Za-z0-9_-]{32,}"), _is_key),
    Kind("google", re.compile(r"\bAIza[\w-]{35}"), _is_key),
    Kind("slack", re.compile(r"\bxox[abeoprs]-(?:\d+-)+[A-Za-z0-9]{16,}"), _is_key),
    Kind("stripe", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}"), _is_key),
    Kind("sendgrid", re.compile(r"\bSG\.[\w-]{22}\.[\w-]{43}"), _is_key),
    Kind(
        "registry",
        re.compile(r"\b(?:npm_[A-Za-z0-9]{36}\b|pypi-AgEIcHlwaS5vcmc[\w-]{50,})"),
        _is_key,
    ),
    Kind("twilio", re.compile(r"\bSK[0-9a-f]{32}\b"), _is_key),
    Kind("telegram", re.compile(r"\b\d{8,10}:AA[\w-]{33}\b"), _is_key),
    Kind("web_token", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}"), _is_token),
    Kind(
        "private_key",
        re.compile(
            r"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----\s+[A-Za-z0-9+/=:]{20,}"
        ),
    ),
    Kind(
        "password",
        re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]+:([^\s/@]{6,})@[\w.-]+"),
        _is_password,
    ),
)
"""What opens something."""
HINTS = [
    *(
        "AKIA",
        "ASIA",
        "AGPA",
        "AIDA",
        "AROA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
    ),
    *(
        "hf_",
        "sk-",
        "AIza",
        "xox",
        "k_live_",
        "SG.",
        "npm_",
        "pypi-",
        "SK",
        ":AA",
        "eyJ",
        "PRIVATE KEY",
        "://",
    ),
]
"""One of these stands in every text that has a secret."""
