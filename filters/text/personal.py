"""Personal data, with checksums where the kind has one.

What a document shows as an example is none: mail at example.com, telephones of films (555-01xx),
test cards.
"""

from __future__ import annotations

import re
from datetime import date

from filters.text.patterns import Kind, before


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


# --- mail, telephones ----------------------------------------------------------------------------

_TOP = "com|org|net|edu|gov|mil|int|info|biz|name|io|ai|dev|app|xyz|online|site|tech|[a-z]{2}"
_MAIL = re.compile(
    rf"(?<![\w.+@-])[\w.+-]{{2,64}}@([A-Za-z0-9-]{{2,63}}(?:\.[A-Za-z0-9-]+)*\.(?:{_TOP}))(?![\w@(])"
)
_SHOWN = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost)(?:\.\w+)?$|^(?:domain|email|mail|company|your\w*|my\w*|server|host"
    r"|sample|abc|xyz|foo|bar|site|website)\.\w+$"
)
_FAKE_USER = re.compile(
    r"(?i)(?:user|test|example|name|someone|john\.?doe|jane\.?doe|your\w*|foo|abc|email|admin|info"
    r"|noreply|no-reply|support|contact|hello)\d*@"
)


def _is_mail(found: re.Match[str]) -> bool:
    if re.search(r"://\S*$", before(found)):  # who logs in where
        return False
    return not _SHOWN.search(found[1].lower()) and not _FAKE_USER.match(found[0])


_PHONE = re.compile(
    r"(?P<world>(?<![0-9A-Za-z.+*/=^)\]}-])\+[1-9]\d{0,2}(?:[ .-]?\(\d{1,4}\))?"
    r"(?:[ .-]?\d{2,5}){2,5}(?![\w.]*\d))"
    r"|(?P<us>(?<![0-9A-Za-z.-])(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])[2-9]\d\d[-.]\d{4}(?![\w-]))"
    r"|(?P<mobile>(?<![0-9A-Za-z.-])(?:0[5789]0-\d{4}-\d{4}|01[016789]-\d{3,4}-\d{4})(?![\w-]))"
    r"|(?P<told>(?<![0-9A-Za-z.])(?:1[3-9]\d{9}|0\d(?:[ /.-]?\d){7,12})(?![\w.]*\d))"
)
_FREE = re.compile(r"1?8(?:00|33|44|55|66|77|88)\d{7}")
"""Numbers of firms and helplines in North America, free of charge."""
_CALL = re.compile(
    r"(?i)phone|\btel\b|mobile|\bcall|whatsapp|telefon|téléphone|teléfono|телефон|电话|手机|拨打|電話|携帯|전화|फ़ोन|هاتف"
)
_SUM = re.compile(r"(?:[\d)\]}]|(?<![A-Za-z])[A-Za-z])\s*$")


def _is_phone(found: re.Match[str]) -> bool:
    number, kind = _digits(found[0]), found.lastgroup
    if _FREE.fullmatch(number):
        return False
    if kind == "world":  # 5 +12 345 678 is a sum
        called = _CALL.search(before(found))
        return 9 <= len(number) <= 15 and bool(called or not _SUM.search(before(found)))
    if kind == "us":
        return not re.fullmatch(r"\d{3}55501\d\d", number) and number[1:3] != "11" != number[4:6]
    return kind == "mobile" or bool(_CALL.search(before(found)))


# --- numbers with checksums ----------------------------------------------------------------------

_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_IBAN_LENGTHS = {
    **{
        "AD": 24,
        "AE": 23,
        "AL": 28,
        "AT": 20,
        "AZ": 28,
        "BA": 20,
        "BE": 16,
        "BG": 22,
        "BH": 22,
        "BR": 29,
    },
    **{
        "BY": 28,
        "CH": 21,
        "CR": 22,
        "CY": 28,
        "CZ": 24,
        "DE": 22,
        "DK": 18,
        "DO": 28,
        "EE": 20,
        "EG": 29,
    },
    **{
        "ES": 24,
        "FI": 18,
        "FO": 18,
        "FR": 27,
        "GB": 22,
        "GE": 22,
        "GI": 23,
        "GL": 18,
        "GR": 27,
        "GT": 28,
    },
    **{
        "HR": 21,
        "HU": 28,
        "IE": 22,
        "IL": 23,
        "IQ": 23,
        "IS": 26,
        "IT": 27,
        "JO": 30,
        "KW": 30,
        "KZ": 20,
    },
    **{
        "LB": 28,
        "LI": 21,
        "LT": 20,
        "LU": 20,
        "LV": 21,
        "MC": 27,
        "MD": 24,
        "ME": 22,
        "MK": 19,
        "MR": 27,
    },
    **{
        "MT": 31,
        "MU": 30,
        "NL": 18,
        "NO": 15,
        "PK": 24,
        "PL": 28,
        "PS": 29,
        "PT": 25,
        "QA": 29,
        "RO": 24,
    },
    **{
        "RS": 22,
        "SA": 24,
        "SE": 24,
        "SI": 19,
        "SK": 24,
        "SM": 27,
        "TN": 24,
        "TR": 26,
        "UA": 29,
        "VG": 24,
    },
}
"""Characters of an account number in each country (ISO 13616)."""


def _is_iban(found: re.Match[str]) -> bool:
    """By its country's length and the remainder 1 modulo 97 (ISO 7064)."""
    number = found[0].replace(" ", "")
    if len(number) != _IBAN_LENGTHS.get(number[:2]):
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


_CARD = re.compile(
    r"(?<![\d.,])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -])\d{6}\2\d{5}"
    r"|\d{13,19})(?![\d]|[.,]\d)"
)
_ISSUER = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:2[3-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}"
)
_CARD_WORD = re.compile(
    r"(?i)\bcard|visa|amex|mastercard|kreditkarte|tarjeta|carte|карт|信用卡|银行卡|カード|카드"
)
_TEST_CARDS = frozenset(
    [
        "4111111111111111",
        "4242424242424242",
        "4012888888881881",
        "5555555555554444",
        "5105105105105100",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "6011000990139424",
        "3530111333300000",
        "4000000000000002",
    ]
)


def _is_card(found: re.Match[str]) -> bool:
    """By issuer and Luhn's sum (ISO/IEC 7812). One number in ten has it: so groups, or a word."""
    number = _digits(found[0])
    if not _ISSUER.fullmatch(number) or number in _TEST_CARDS or len(set(number)) < 4:
        return False
    doubled = (int(d) * (1 + at % 2) for at, d in enumerate(reversed(number)))
    luhn = sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
    return luhn and bool(found[1] or found[2] or _CARD_WORD.search(before(found)))


_ID = re.compile(r"(?<![\dA-Za-z.])(?:[1-8]\d{16}[\dX]|\d{3}-\d{2}-\d{4})(?![\dA-Za-z-])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _is_id(found: re.Match[str]) -> bool:
    """A resident's number of China by birthday and sum (GB 11643); one of the USA by its word."""
    number = found[0]
    if "-" in number:
        told = re.search(r"(?i)social security|\bssn\b", before(found))
        return bool(told) and not re.match(
            r"000|666|9|\d{3}-00|\d{3}-\d\d-0000|123-45-6789|078-05-1120", number
        )
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(d) * weight for d, weight in zip(number, _WEIGHTS, strict=False))
    return "1900" <= number[6:10] <= "2030" and number[17] == "10X98765432"[total % 11]


PERSONAL = (
    Kind("email", _MAIL, _is_mail),
    Kind("phone", _PHONE, _is_phone),
    Kind("iban", _IBAN, _is_iban),
    Kind("card", _CARD, _is_card),
    Kind("id", _ID, _is_id),
)
"""What tells of a person."""
HINT = r"@|\d{4}[ -]?\d{4}|\d{3}[-. ]\d{2,4}[-. ]\d|\d{2} \d{2} \d{2}"
"""In every text that has one of these, in the syntax of polars."""
