"""Sound texts for `benchmarks/watch.py`, every one made from a seed; nothing is downloaded.

Tasks are reasoning-gym's with the answers and workings that it gives, code is Python's own library,
prose in other languages are the translations of programs that lie on the machine.
"""

# ruff: noqa: RUF001 (other scripts are what this is about)

from __future__ import annotations

import contextlib
import gettext
import io
import itertools
import math
import random
import re
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from filters.text.scripts import KNOWN

LOCALES = Path("/usr/share/locale")
LONGEST = 20_000
"""Characters at which a text is cut."""


class Text(NamedTuple):
    kind: str
    text: str
    language: str = "en"
    start: int = 0
    """Where the loop or the other language begins."""


def sound(size: int = 1) -> Iterator[Text]:
    """Texts in which nothing is wrong.

    Args:
        size: 1 for about 2,500 texts, 2 for twice as many.
    """
    yield from tasks(8 * size)
    yield from worked(40 * size)
    yield from code(300 * size)
    yield from translations(8 * size)
    yield from reasoning(20 * size)
    yield from long(100 * size)


def tasks(each: int) -> Iterator[Text]:
    """Questions, answers and worked answers of every reasoning-gym task, three in a text."""
    from reasoning_gym import create_dataset
    from reasoning_gym.factory import DATASETS

    for name in sorted(set(DATASETS) - {"composite"}):
        with contextlib.redirect_stdout(io.StringIO()):  # some print a dot a row
            dataset = create_dataset(name, size=3 * each, seed=1)
            rows = [dataset[at] for at in range(3 * each)]
        for first in range(0, 3 * each, 3):
            shown = rows[first : first + 3]
            parts = (
                f"Let me read this again.\n{row['question']}\n\n{_worked(row)}\n\n" for row in shown
            )
            yield Text("tasks", "".join(parts)[:LONGEST])


def _worked(row: dict) -> str:
    facts = {key: value for key, value in row["metadata"].items() if isinstance(value, str | list)}
    steps = [f"The {key} is {value}." for key, value in facts.items() if key != "source_dataset"]
    return "\n".join([*steps, f"So the answer is {row['answer']}."])


def worked(each: int) -> Iterator[Text]:
    """Working as a careful writer sets it down, line after line of one form."""
    for name, write in WORKED.items():
        for seed in range(each):
            yield Text(f"worked: {name}", write(random.Random(f"{name}{seed}"))[:LONGEST])


def _trial_division(draw: random.Random) -> str:
    number = draw.choice([n for n in range(401, 2500) if all(n % d for d in range(2, 20))])
    lines = [f"Is {number} prime? Let me check the divisors one after another."]
    for divisor in range(2, math.isqrt(number) + 1):
        rest = number % divisor
        lines.append(f"{number} divided by {divisor} is {number // divisor}, remainder {rest}.")
        if not rest:
            lines.append(f"So {number} is divisible by {divisor}.")
    return "\n".join(lines)


def _search(draw: random.Random) -> str:
    total, product = draw.randrange(40, 90), draw.randrange(300, 900)
    lines = [f"I look for two numbers with sum {total} and a product near {product}."]
    for first in range(1, total // 2 + 1):
        found = first * (total - first)
        sign = "less" if found < product else "more"
        lines.append(f"Try {first} and {total - first}: the product is {found}, {sign}.")
    return "\n".join(lines)


def _days(draw: random.Random) -> str:
    start, step, days = draw.randrange(50), draw.randrange(1, 9), draw.randrange(10, 32)
    lines = (f"On day {day} she has {start + step * day} apples." for day in range(1, days))
    return "She starts with some apples.\n" + "\n".join(lines)


def _times_table(draw: random.Random) -> str:
    pairs = itertools.product(range(1, draw.randrange(8, 16)), range(1, 13))
    return "\n".join(f"{a} x {b} = {a * b}" for a, b in pairs)


def _binary(draw: random.Random) -> str:
    width = draw.randrange(3, 8)
    words = ["".join(bits) for bits in itertools.product("01", repeat=width)]
    return f"All words of {width} bits: " + " ".join(words) + f". That makes {len(words)}."


def _truth_table(draw: random.Random) -> str:
    names = "PQRSTU"[: draw.randrange(3, 7)]
    words = draw.choice([("True", "False"), ("T", "F"), ("1", "0")])
    lines = ["| " + " | ".join([*names, "value"]) + " |", "|---" * (len(names) + 1) + "|"]
    for row in itertools.product(words, repeat=len(names)):
        lines.append("| " + " | ".join([*row, draw.choice(words)]) + " |")
    return "\n".join(lines)


def _boolean_table(draw: random.Random) -> str:
    size, share = draw.randrange(5, 16), draw.random() * 0.4
    rows = ([draw.random() < share for _ in range(size)] for _ in range(size))
    return "The table dp after this step:\n" + "\n".join(map(str, rows))


def _zero_grid(draw: random.Random) -> str:
    height, width, share = draw.randrange(5, 31), draw.randrange(5, 31), draw.random() * 0.1

    def cell() -> str:
        return str(draw.randrange(1, 10)) if draw.random() < share else "0"

    def grid() -> str:
        return "\n".join(" ".join(cell() for _ in range(width)) for _ in range(height))

    return f"Input:\n{grid()}\nOutput:\n{grid()}\nOnly the colours change."


def _matrix(draw: random.Random) -> str:
    size = draw.randrange(3, 9)
    a, b = ([[draw.randrange(4) for _ in range(size)] for _ in range(size)] for _ in range(2))
    lines = [_latex(a) + _latex(b)]
    for i, j in itertools.product(range(size), repeat=2):
        pairs = [(a[i][k], b[k][j]) for k in range(size)]
        terms = " + ".join(rf"{x} \cdot {y}" for x, y in pairs)
        lines.append(f"c_{{{i + 1},{j + 1}}} = {terms} = {sum(x * y for x, y in pairs)}")
    return "\n".join(lines)


def _latex(rows: list[list[int]]) -> str:
    body = " \\\\\n".join(" & ".join(map(str, row)) for row in rows)
    return f"$$\\begin{{pmatrix}}\n{body}\n\\end{{pmatrix}}$$\n"


def _long_sum(draw: random.Random) -> str:
    digits = draw.randrange(8, 40)
    a, b = ([draw.randrange(10) for _ in range(digits)] for _ in range(2))
    lines, carry = [], 0
    for place, (x, y) in enumerate(zip(a, b, strict=True), 1):
        total = x + y + carry
        lines.append(
            f"Place {place}: {x} plus {y} plus carry {carry} is {total}, "
            f"write {total % 10}, carry {total // 10}."
        )
        carry = total // 10
    return "\n".join(lines)


def _euclid(draw: random.Random) -> str:
    lines = []
    for _ in range(draw.randrange(2, 8)):
        a, b = draw.randrange(10**5, 10**9), draw.randrange(10**4, 10**8)
        lines.append(f"The greatest common divisor of {a} and {b}:")
        while b:
            lines.append(f"{a} = {a // b} * {b} + {a % b}")
            a, b = b, a % b
        lines.append(f"It is {a}.")
    return "\n".join(lines)


def _collatz(draw: random.Random) -> str:
    number, lines = draw.randrange(20, 9000), []
    while number != 1:
        after = number // 2 if number % 2 == 0 else 3 * number + 1
        parity = "even, so we halve it" if number % 2 == 0 else "odd, so we triple it and add one"
        lines.append(f"{number} is {parity}: {after}.")
        number = after
    return "\n".join(lines)


def _verification(draw: random.Random) -> str:
    """The whole working once more, and once more in other words between."""
    chain = _long_sum(draw)
    again = ["Wait, let me verify every place.", "Once more, to be safe.", "It holds."]
    return "\n\n".join([chain, again[0], chain, again[1], chain, again[2]])


def _list(draw: random.Random) -> str:
    words = ["red", "blue", "green", "black", "white", "small", "large", "old", "cup", "box", "key"]
    lines = (f"{n}. {' '.join(draw.sample(words, 2))}" for n in range(1, draw.randrange(30, 200)))
    return "The items in order:\n" + "\n".join(lines)


def _records(draw: random.Random) -> str:
    names = ["Alice", "Bob", "Chen", "Dara", "Emil", "Fatou"]
    row = '  {{"id": {}, "name": "{}", "active": {}, "score": {}}},'
    lines = (
        row.format(n, draw.choice(names), draw.choice(["true", "false"]), draw.randrange(100))
        for n in range(draw.randrange(20, 150))
    )
    return "```json\n[\n" + "\n".join(lines) + "\n]\n```"


def _squares(draw: random.Random) -> str:
    first, many = draw.randrange(1, 50), draw.randrange(20, 80)
    return "\n".join(f"The square of {n} is {n * n}." for n in range(first, first + many))


def _hanoi(draw: random.Random) -> str:
    def moves(disks: int, here: str, there: str, over: str) -> list[str]:
        if not disks:
            return []
        step = f"Move disk {disks} from peg {here} to peg {there}"
        return [*moves(disks - 1, here, over, there), step, *moves(disks - 1, over, there, here)]

    return "\n".join(moves(draw.randrange(4, 10), *draw.sample("ABC", 3)))


WORKED: dict[str, Callable[[random.Random], str]] = {
    "trial division": _trial_division,
    "search": _search,
    "day by day": _days,
    "times table": _times_table,
    "binary words": _binary,
    "truth table": _truth_table,
    "boolean table": _boolean_table,
    "grid of zeros": _zero_grid,
    "matrix product": _matrix,
    "long sum": _long_sum,
    "Euclid": _euclid,
    "Collatz": _collatz,
    "verified twice": _verification,
    "list": _list,
    "JSON records": _records,
    "squares": _squares,
    "tower of Hanoi": _hanoi,
}


def code(most: int) -> Iterator[Text]:
    """The beginnings of modules of Python's own library, tests and tables among them."""
    library = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(path for path in library.rglob("*.py") if "site-packages" not in path.parts)
    for path in random.Random(0).sample(files, min(most, len(files))):
        yield Text("code", path.read_text(errors="replace")[:LONGEST])


def translations(each: int) -> Iterator[Text]:
    """Messages of programs in every language that the identifier knows, 6,000 characters each."""
    for language in sorted(KNOWN):
        text = messages(language)
        starts = range(0, len(text) - 6000, 6000)
        for start in random.Random(language).sample(starts, min(each, len(starts))):
            yield Text("translations", text[start : start + 6000], language)


def messages(language: str) -> str:
    """All translated sentences of at least 40 characters, each once."""
    found: dict[str, None] = {}
    for path in sorted((LOCALES / language / "LC_MESSAGES").glob("*.mo")):
        try:
            with path.open("rb") as file:
                catalog = vars(gettext.GNUTranslations(file))["_catalog"]  # no public way
        except (OSError, ValueError, UnicodeError):
            continue
        pairs = ((key, text) for key, text in catalog.items() if isinstance(key, str) and key)
        found |= {text: None for key, text in pairs if text != key and len(text) >= 40}
    texts = [text for text in found if not re.search(r"%|--|\{|<", text)]
    random.Random(language).shuffle(texts)
    return "\n".join(texts)


SENTENCES: dict[str, str] = {
    "en": "First we add {a} and {b}, which gives {c}.|Wait, let me check this once more.|"
    "If she gives away {b}, she keeps {a}.|Hmm, {c} minus {a} should be {b}, and it is.|"
    "Therefore the price is {c} dollars in total.|Let me try another way to be sure.",
    "de": "Zuerst addieren wir {a} und {b}, das ergibt {c}.|Moment, ich prüfe das noch einmal.|"
    "Wenn sie {b} verschenkt, behält sie {a}.|{c} minus {a} müsste {b} sein, und so ist es.|"
    "Der Preis beträgt also insgesamt {c} Euro.|Ich versuche einen anderen Weg, um sicher zu sein.",
    "fr": "D'abord nous ajoutons {a} et {b}, ce qui donne {c}.|Attends, je vérifie cela.|"
    "Si elle donne {b} pommes, il lui en reste {a}.|{c} moins {a} devrait faire {b}, et c'est bien "
    "le cas.|Le prix total est donc de {c} euros.|Essayons une autre méthode pour être sûrs.",
    "es": "Primero sumamos {a} y {b}, lo que da {c}.|Espera, voy a comprobarlo otra vez.|"
    "Si ella regala {b}, se queda con {a}.|{c} menos {a} debería ser {b}, y así es.|"
    "Por lo tanto, el precio total es de {c} euros.|Probemos otro camino para estar seguros.",
    "ru": "Сначала сложим {a} и {b}, получится {c}.|Подожди, я проверю это ещё раз.|"
    "Если она отдаст {b}, у неё останется {a}.|{c} минус {a} должно быть {b}, так и есть.|"
    "Значит, всего нужно заплатить {c} рублей.|Попробуем другой способ, чтобы убедиться.",
    "zh": "首先我们把{a}和{b}相加，得到{c}。|等一下，让我再检查一遍。|"
    "如果她送出{b}个，还剩下{a}个。|"
    "{c}减去{a}应该等于{b}，确实如此。|所以总价是{c}元。|我们换一种方法来确认答案。",
    "ja": "まず{a}と{b}を足すと{c}になります。|待ってください、もう一度確認します。|"
    "彼女が{b}個あげると、{a}個残ります。|{c}から{a}を引くと{b}になるはずです。|"
    "したがって合計は{c}円です。|念のため別の方法でも計算してみます。",
    "ko": "먼저 {a}와 {b}를 더하면 {c}가 됩니다.|잠깐, 다시 한번 확인해 보겠습니다.|"
    "그녀가 {b}개를 주면 {a}개가 남습니다.|{c}에서 {a}를 빼면 {b}가 되어야 합니다.|"
    "따라서 총액은 {c}원입니다.|확실히 하기 위해 다른 방법을 써 봅시다.",
    "ar": "أولا نجمع {a} و {b} فنحصل على {c}.|انتظر، دعني أتحقق من ذلك مرة أخرى.|"
    "إذا أعطت {b} تفاحات فسيبقى لديها {a}.|يجب أن يكون {c} ناقص {a} هو {b}، وهذا صحيح.|"
    "إذن السعر الإجمالي هو {c} دينارا.|لنجرب طريقة أخرى للتأكد من الجواب.",
    "pt": "Primeiro somamos {a} e {b}, o que dá {c}.|Espere, vou verificar isso mais uma vez.|"
    "Se ela der {b}, ainda fica com {a}.|{c} menos {a} deveria ser {b}, e é mesmo.|"
    "Portanto, o preço total é de {c} reais.|Vamos tentar outro caminho para ter certeza.",
}


def argue(language: str, sentences: int, draw: random.Random) -> str:
    """Sentences of a plain argument, other numbers in each, in an order that chance gives."""
    parts = []
    for _ in range(sentences):
        a, b = draw.randrange(2, 500), draw.randrange(2, 500)
        end = "\n\n" if draw.random() < 0.2 else " "
        form = draw.choice(SENTENCES[language].split("|"))
        parts.append(form.format(a=a, b=b, c=a + b) + end)
    return "".join(parts)


def reasoning(each: int) -> Iterator[Text]:
    """Arguments in ten languages."""
    for language in SENTENCES:
        for seed in range(each):
            draw = random.Random(f"{language}{seed}")
            yield Text("reasoning", argue(language, draw.randrange(20, 60), draw), language)


def long(most: int) -> Iterator[Text]:
    """Draws of 20,000 to 100,000 characters: workings of every kind but Hanoi's in a row."""
    kinds = [write for write in WORKED.values() if write is not _hanoi]
    for seed in range(most):
        draw = random.Random(seed)
        size, parts = draw.randrange(20_000, 100_000), []
        while sum(map(len, parts)) < size:
            parts.append(argue("en", draw.randrange(2, 8), draw))
            parts.append(draw.choice(kinds)(draw)[:LONGEST])
        yield Text("long", "\n\n".join(parts))
