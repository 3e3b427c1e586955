"""Phrases by which thinking looks back, takes back, or takes another way, in 14 languages.

Phrases stand between slashes, in small letters; `{a|b|}` is a, b or nothing, `~` a stop, `^`
the start of a sentence or clause. A phrase counts at the start of a word, in Chinese and Japanese
anywhere, so a sentence with two phrases of a kind counts twice. `wait` counts with a stop behind it,
or where it starts a sentence: who waits for a bus does not reflect.
"""

# ruff: noqa: E501, RUF001

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import polars as pl

STARTS = (". ", "? ", "! ", ", ", ": ", "; ", ") ")
ANYWHERE = ("zh", "ja")
"""Languages that write no blank between words."""
STOPS = (",", ".", "!", ":", ";", "…", "-", "–", "—", "،")
_GROUP = re.compile(r"\{([^{}]*)\}")

LOOKS_BACK = {
    "en": "wait~ / wait {no|but|actually|maybe|so|a minute|a moment|a second} / {hmm|hm}~ / hold on~"
    " / ^wait {that|this|is|if|the|let|i|we|what|why|how} "
    " / let{'s| me| us} {|just |quickly |now |also |first }{{double|cross}{-| }|}check"
    " / let{'s| me| us} {|just |quickly |now |also |first }{verify|confirm|make sure|think again}"
    " / let{'s| me| us} {|just |quickly }re{|-}{check|examine|consider|think|calculate|compute"
    "|evaluate|read|visit|verify} / {double-check|to verify} / am i {sure|missing}"
    " / {maybe|perhaps|if|whether|chance|that} i {made {a|an}|misread|miscounted|miscalculated|misinterpreted"
    "|messed up}"
    " / {is|was} {that|this|it} {right|correct}? / does {that|this|it} make sense?",
    "zh": "等等 / 等一下 / 慢着 / 且慢 / {验证|检查|检验}一下 / {对|是}吗{?|？} / 嗯{，|…|。}"
    " / 让我{|再}{检查|验证|确认|核对|核实|重新} / {再|重新}{算|思考}{一遍|一下|一次}"
    " / {再|重新}{检查|验证|确认|核对|检验|审视}{|一遍|一下|一次}",
    "ja": "待って / 待てよ / 確認しよう / 確認してみ / 検算 / 確かめ{て|よ|る} / 見直{し|そ} / うーん"
    " / 再{検討|計算} / もう一度{考え|計算|見} / 正しいか / 本当に{そう|正しい}",
    "ko": "잠깐 / 잠시만 / 다시 {확인|검토|계산|생각|살펴} / 확인해{| }{보|봐} / 검산 / 검증해 / 맞을까 / 맞나?",
    "de": "^{moment|moment mal|warte|warte mal|halt}~ / {über|nach|}prüfen wir / stimmt das?"
    " / zur {kontrolle|probe} / lass{|en sie} {mich|uns} {|das |es |dies }{|noch einmal |nochmal |kurz }"
    "{überprüfen|nachprüfen|prüfen|nachrechnen|kontrollieren|überdenken}"
    " / {noch einmal|nochmal|nochmals} {nachrechnen|nachprüfen|überprüfen|nachdenken|überdenken}",
    "fr": "{attends|attendez|un instant|une seconde|hmm}~ / {re|}vérifions / je {re|}vérifie"
    " / {laisse|laissez}-moi {re|}vérifier / est-ce {bien |}{correct|juste|exact}",
    "es": "{espera|espere|un momento|hmm}~ / {verifiquemos|comprobemos|revisemos}"
    " / {vamos a|voy a|déjame|déjeme|permíteme} {re|}{verificar|comprobar|revisar|repasar}"
    " / ¿{es|está} {|esto |eso }{correcto|bien}?",
    "pt": "{espera|espere|um momento|hmm}~ / {verifiquemos|confiramos} / está {certo|correto}?"
    " / {vou|vamos|deixa-me|deixe-me|deixe eu} {re|}{verificar|conferir|checar|revisar}",
    "it": "{aspetta|aspettate|un momento|un attimo|hmm}~ / {ri|}{controlliamo|verifichiamo}"
    " / {fammi|lasciami|vediamo di} {ri|}{controllare|verificare} / è {giusto|corretto}?",
    "ru": "{подожди|подождите|погоди|погодите|стоп|минутку|секунду|хм|хмм}~ / {верно|правильно} ли"
    " / {пере|}{проверим|проверю} / нужно {пере|}проверить / {пересчитаем|пересчитаю}",
    "ar": "انتظر / لحظة~ / مهلا / دعني أتحقق / دعنا نتحقق / دعني أراجع / لنتحقق / لنراجع / هل هذا صحيح",
    "hi": "रुको / रुकिए / ठहरो / एक मिनट / {फिर से|दोबारा} {जाँच|जांच} / क्या यह सही / हम्म",
    "tr": "^{bekle|bir dakika|dur}~ / kontrol ede{yim|lim} / tekrar {kontrol|hesapla|düşün} / doğru mu?",
    "vi": "khoan{~| đã} / {đợi|chờ} {đã|một chút} / {kiểm tra|tính} lại / có đúng không",
}
"""Looks at it again: waits, doubts, checks."""

TAKES_BACK = {
    "en": "that{'s| is| was} {not right|not correct|not true|not possible|not it|wrong|incorrect"
    "|impossible} / {that|this} {can't|cannot} be{.|,|!|?| right| correct| true| the case}"
    " / {so|but|no,|wait,|hmm,} this is {wrong|incorrect|not right|not correct} / my {mistake|bad}"
    " / scratch that / i was wrong / start{|ing} {over|again|from scratch}"
    " / {that|this} {doesn't|does not|didn't} work"
    " / {let me|let's|i need to|i should} {redo|go back|backtrack}"
    " / ^{|oh |so |i see |i think }i{| have|'ve| must have} made {a|an} {|small |sign |arithmetic "
    "|calculation }{mistake|error} / ^{|oh |so |i see }i{| must have|'ve} {misread|miscounted|miscalculated"
    "|misinterpreted|messed up}",
    "zh": "不对{，|。|！|,} / 不对劲 / 有误 / {弄|算|搞|看|写|想}错 / 行不通 / 重来 / 重新开始"
    " / 从头{再来|开始} / 这不可能 / 回到{上|前}一步",
    "ja": "間違{え|いだ|いで|いが|いまし|って} / いや、 / 違うな / それは違 / 誤り{だ|で|が}"
    " / うまくいかない / やり直 / 最初から / ありえない",
    "ko": "틀렸 / 잘못{| }{했|됐|되었|계산|생각|읽} / 실수{했|다|가} / 맞지 않 / 그게 아니 / 처음부터 다시 / 말이 안",
    "de": "das {ist|war} {|so |aber |doch }{falsch|nicht richtig|nicht korrekt|nicht möglich}"
    " / das {stimmt|geht|funktioniert|klappt}{| so| aber| doch} nicht / geht nicht auf"
    " / das kann{| so| aber} nicht {sein|stimmen} / {mich|mir} {verrechnet|vertan|geirrt}"
    " / {ein|mein|einen} {fehler|rechenfehler|denkfehler|irrtum} / von vorn",
    "fr": "{c'est|cela est} {faux|incorrect|impossible} / ce n'est pas {correct|juste|bon"
    "|possible|ça} / je me suis trompé / j'ai fait une erreur / erreur de calcul"
    " / {ça|cela} ne {marche|fonctionne|colle|convient} pas / recommençons / repartons",
    "es": "{eso|esto} {no es|no está|no puede|no funciona|está mal|es incorrecto|es falso}"
    " / me {|he }equivo{qué|cado} / cometí un error / hay un error / empe{cemos|zaré} de nuevo",
    "pt": "{isso|isto} {não está|não é|não pode|não funciona|está errado|é falso} / cometi um erro"
    " / me enganei / enganei-me / errei / há um erro / recome{cemos|ço}",
    "it": "non {va bene|funziona|torna|può essere} / non è {giusto|corretto|possibile}"
    " / {è|era} sbagliat / ho {sbagliato|fatto un errore|commesso un errore} / mi sono sbagliat / ricomincia",
    "ru": "{это|так|тут|здесь} {неверно|неправильно|ошибка|не так|не работает|не может быть}"
    " / я {ошибся|ошиблась|допустил} / моя ошибка / начн{у|ём|ем} {сначала|заново} / не сходится",
    "ar": "هذا {خطأ|غير صحيح|مستحيل} / أخطأت / لقد أخطأت / خطأ في الحساب / لا يمكن أن يكون / لا ينجح"
    " / لنبدأ من جديد",
    "hi": "यह गलत / गलती {हो|की|कर} / मैंने गलत / सही नहीं / काम नहीं कर / शुरू से",
    "tr": "yanlış{~| oldu} / hata yaptım / yanıldım / doğru değil / işe yaramıyor",
    "vi": "sai rồi / không đúng / {tôi|mình|em} {|đã }{nhầm|tính sai|sai} / nhầm rồi / làm lại từ đầu",
}
"""Takes something back: calls it wrong, or begins anew."""

TURNS = {
    "en": "alternatively / another {approach|way|method|idea|possibility|angle|strategy}"
    " / a different {approach|way|method|angle|strategy|idea} / on second thought"
    " / {maybe|perhaps} {i|we} should {try|use} / let{'s| me| us} instead"
    " / let{'s| me| us} try {another|something else|instead}",
    "zh": "换{|一}{个|种}{思路|方法|角度|方式|想法|做法} / 另{一|外一|外}{|个|种|条}{思路|方法|角度|方式|办法}"
    " / 或者{|我们}{可以|试|用|换} / {不如|要不}{用|换|试}",
    "ja": "{別|他}の{方法|アプローチ|考え方|やり方|視点|角度|解法} / あるいは、 / 違う{方法|アプローチ|やり方|角度}",
    "ko": "다른 {방법|방식|접근|관점|각도|풀이} / 아니면 / 대안으로",
    "de": "alternativ{ |~} / ander{er|en|e|es|em} {ansatz|weg|methode|idee|möglichkeit|verfahren}"
    " / versuchen wir {es anders|stattdessen} / auf andere weise",
    "fr": "alternativement / autre {approche|méthode|façon|manière|idée|piste|stratégie} / changeons de"
    " / essayons plutôt",
    "es": "alternativamente / otr{a|o} {enfoque|manera|forma|método|idea|vía|camino|estrategia}",
    "pt": "alternativamente / outr{a|o} {abordagem|maneira|forma|método|ideia|jeito|caminho}",
    "it": "{in alternativa|alternativamente} / {altro|altra|un'altra} {approccio|metodo|modo|strada|idea|via}",
    "ru": "альтернативн{о|ый} / друг{ой|им|ого|ом} {подход|способ|метод|путь|вариант} / по-другому",
    "ar": "{طريقة|فكرة|مقاربة} أخرى / {نهج|أسلوب|منهج} آخر / {بدلا|بدلاً} من ذلك / أو ربما",
    "hi": "{दूसरा|दूसरी|दूसरे|एक और|अन्य} {तरीक|विधि|उपाय|रास्त} / वैकल्पिक",
    "tr": "alternatif olarak / {başka|farklı} bir {yol|yöntem|yaklaşım|fikir}",
    "vi": "{cách|phương pháp|hướng} khác / thay vào đó",
}
"""Leaves one way of thought for another."""


def counted(words: pl.Expr, phrases: Mapping[str, str]) -> pl.Expr:
    """How many of these phrases there are, in whatever language, in what `words_of` gave.

    >>> text = pl.DataFrame({"text": ["Wait, is that right? 再检查一遍。"]})
    >>> text.select(counted(words_of(pl.col("text")), LOOKS_BACK)).item()
    3
    """
    literals = sorted(set(_literals(phrases)), key=len, reverse=True)
    return words.str.count_matches("|".join(map(re.escape, literals)))


def words_of(text: pl.Expr) -> pl.Expr:
    """A text in small letters: a stop for each line's end, a blank before each word that is quoted."""
    small = pl.concat_str(pl.lit(". "), text).str.to_lowercase()
    plain = small.str.replace_all("’", "'", literal=True).str.replace_all("\n", ". ", literal=True)
    return plain.str.replace_all(r"""[\t"“”„«»(\[*_]""", " ")


def places_of(text: str, phrases: Mapping[str, str]) -> list[tuple[int, int]]:
    """Where the phrases stand that `counted` counts: the first character, the one behind the last.

    >>> text = "So 4.\\nWait, is that right?"
    >>> [text[start:end] for start, end in places_of(text, LOOKS_BACK)]
    ['Wait,', 'is that right?']
    """
    words = pl.select(words_of(pl.lit(text))).item()
    literals = sorted(set(_literals(phrases)), key=len, reverse=True)
    pattern = "|".join(map(re.escape, literals))
    told = pl.select(pl.lit(words).str.extract_all(pattern)).item().to_list()
    spans, at = [], 0
    origin = _origin(text)
    for phrase in told:
        start = words.find(phrase, at)
        at = start + len(phrase)
        first, last = start + len(phrase) - len(phrase.lstrip(" .?!,:;)")), at
        last -= len(phrase) - len(phrase.rstrip())
        if first < last and last <= len(origin):
            spans.append((origin[first], origin[last - 1] + 1))
    return spans


def _origin(text: str) -> list[int]:
    """Of each character of `words_of`, which one of the text it came from."""
    origin = [0, 0]
    for at, sign in enumerate(text):
        origin += [at] * (2 if sign == "\n" else len(sign.lower()))
    return origin


def _literals(phrases: Mapping[str, str]) -> Iterator[str]:
    for language, told in phrases.items():
        for phrase in told.split(" / "):
            starts = STARTS if phrase.startswith("^") else ("" if language in ANYWHERE else " ",)
            yield from (start + told for start in starts for told in spelt(phrase.lstrip("^")))


def spelt(phrase: str) -> list[str]:
    """The texts that a phrase stands for.

    >>> spelt("re{check|read{|ing}}")
    ['recheck', 'reread', 'rereading']
    """
    group = _GROUP.search(phrase.replace("~", f"{{{'|'.join(STOPS)}}}"))
    if group is None:
        return [phrase]
    whole, choices = group.string, group[1].split("|")
    parts = (whole[: group.start()] + choice + whole[group.end() :] for choice in choices)
    return list(dict.fromkeys(text for part in parts for text in spelt(part)))
