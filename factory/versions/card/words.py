"""Words that the Hub knows in a card's front matter: licences, sizes, languages."""

from __future__ import annotations

import re

_LICENSES = """
afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m bigscience-
bloom-rail-1.0 bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0
c-uda cc cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-
nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0
cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 creativeml-
openrail-m deepfloyd-if-license ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 fair-
noncommercial-research-license gemma gfdl gpl gpl-2.0 gpl-3.0 h-research intel-research isc lgpl
lgpl-2.1 lgpl-3.0 lgpl-lr llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 lppl-1.3c mit mpl-2.0
ms-pl ncsa odbl odc-by ofl-1.1 open-mdw openrail osl-3.0 other pddl postgresql unknown unlicense
wtfpl zlib
"""
LICENSES = frozenset(_LICENSES.split())
"""The ids that the Hub takes for `license`; as its OpenAPI description has them, October 2026."""
SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**10, "1B<n<10B"),
    (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)
"""Rows below which a size has its name."""
LARGEST = "n>1T"
SIZE_NAMES = frozenset({name for _, name in SIZES} | {LARGEST})
_LANGUAGES = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu
lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu
rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr
ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
LANGUAGES = frozenset(_LANGUAGES.split())
"""ISO 639-1."""
TASKS = ("text-generation",)
"""What the rows are for, in the Hub's words."""
REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
"""What repositories on the Hub are called."""
LONGER = re.compile(r"[a-z]{3}")
"""ISO 639-3, for languages without a shorter code."""


def size_of(rows: int) -> str:
    """The Hub's name for so many rows.

    >>> size_of(999), size_of(1000), size_of(10**12)
    ('n<1K', '1K<n<10K', 'n>1T')
    """
    return next((name for least, name in SIZES if rows < least), LARGEST)


def is_language(code: str) -> bool:
    """Whether it is a code that the Hub takes."""
    return code in LANGUAGES or bool(LONGER.fullmatch(code))


def license_id(name: str | None) -> str | None:
    """The Hub's id of a licence as people write it; None where it knows none.

    >>> license_id("Apache-2.0"), license_id("CC BY-SA 4.0"), license_id("MIT License")
    ('apache-2.0', 'cc-by-sa-4.0', 'mit')
    >>> license_id("my own terms")
    """
    if name is None:
        return None
    plain = re.sub(r"[\s_]+", "-", name.strip().lower())
    plain = re.sub(r"-(?:license|licence)$", "", plain).removeprefix("the-")
    plain = {"odc-by-1.0": "odc-by", "pddl-1.0": "pddl", "cc0": "cc0-1.0", "apache-2": "apache-2.0",
             "odbl-1.0": "odbl"}.get(plain, plain)  # fmt: skip
    return plain if plain in LICENSES - {"other", "unknown"} else None
