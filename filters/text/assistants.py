"""What language models say of themselves: refusals, whose they are, how far their knowledge goes.

Phrases of twelve languages and more: en, zh, ja, ko, de, fr, es, pt, it, ru, ar, hi, tr, vi.
"""

# ruff: noqa: E501, RUF001

from __future__ import annotations

import re
from collections.abc import Iterator

OPENING = 300
"""Characters of a response within which a refusal stands."""

_HELP = (
    "help|assist|provide|support|fulfil|fulfill|comply|engage|create|write|generate|discuss|share|give"
    "|offer|participate|display|show|view|access|open|browse|do that|answer (?:that|this)|continue with|facilitate|encourage|condone"
)
REFUSAL = "(?i)" + "|".join(
    (
        rf"\bI (?:can['’]?t|cannot|can not|won['’]t|will not)(?: be able to)? (?:{_HELP})\b",
        rf"\bI(?: am|['’]m)(?: not able| unable) to (?:{_HELP})\b|\bI (?:must|have to) (?:decline|refuse)\b",
        rf"\bsorry,? (?:but )?I (?:can['’]?t|cannot|won['’]t)(?: be able to)? (?:{_HELP})\b",
        r"\bI(?: am|['’]m) (?:really |very |so )?sorry,? but I (?:can['’]?t|cannot|won['’]t)\b",
        r"\bas an? (?:AI|artificial intelligence|language model)[^.\n]{0,40}\bI (?:can['’]?t|cannot|am unable)\b",
        r"(?:抱歉|对不起|不好意思)[，,]?[^。\n]{0,12}(?:不能|无法|不可以)[^。\n]{0,20}(?:提供|协助|帮助|回答|满足|完成|支持|讨论)",
        r"我(?:不能|无法)(?:提供|协助|帮助|帮您|帮你|满足)",
        r"(?:申し訳|すみません|恐れ入り)[^\n]{0,40}(?:できません|お答えでき|お応えでき|いたしかね|出来ません)",
        r"(?:죄송|미안)[^\n]{0,40}(?:수 없|어렵습니다|드릴 수)",
        r"\b(?:es )?tut mir leid,? (?:aber )?[^.\n]{0,30}\b(?:kann|darf|werde) (?:ich|Ihnen|dir)\b[^.\n]{0,30}\bnicht\b",
        r"\bich kann (?:Ihnen |dir )?(?:dabei|damit|das|bei)\b[^.\n]{0,30}\bnicht (?:helfen|unterstützen)",
        r"\b(?:désolée?|regrette)[^.\n]{0,20}\bje ne (?:peux|puis|pourrai) pas\b[^.\n]{0,15}(?:aider|fournir|répondre|assister)",
        r"\b(?:lo siento|perdón|disculpa)[^.\n]{0,15}\bno puedo (?:ayud|proporcion|asist|responder|ofrecer)",
        r"\b(?:desculpe|sinto muito|lamento)[^.\n]{0,15}\bnão posso (?:ajud|fornecer|auxili|responder)",
        r"\b(?:mi dispiace|spiacente)[^.\n]{0,15}\bnon posso (?:aiut|fornir|assister|rispondere)",
        r"\b(?:извините|простите|к сожалению|сожалею)[^.\n]{0,15}\bя не (?:могу|буду)\b[^.\n]{0,10}(?:помо|предостав|ответ|выполн)",
        r"(?:عذرا|عذراً|آسف|أعتذر)[^.\n]{0,20}(?:لا أستطيع|لا يمكنني)",
        r"(?:क्षमा करें|माफ़ करें|माफ कीजिए|खेद है)[^।\n]{0,40}(?:नहीं कर सकत|नहीं दे सकत|असमर्थ)",
        r"\büzgünüm[^.\n]{0,40}(?:yardımcı olamam|yapamam|veremem|sağlayamam)",
        r"xin lỗi[^.\n]{0,30}không thể (?:giúp|cung cấp|hỗ trợ|trả lời)",
    )
)
"""A refusal, in the syntax of polars, and of Python."""

CUTOFF = re.compile(
    r"\bas of my (?:last|latest|most recent|knowledge|training)[ -](?:knowledge |training )?"
    r"(?:update|cut-?off|training|data)\b|\bmy (?:knowledge|training)(?: data)? (?:cut-?off|only goes|goes"
    r" up|extends|ends)\b|\bmy (?:last|latest) (?:knowledge |training )?(?:update|cut-?off)\b"
    r"|\bI (?:don['’]t|do not) have (?:access to )?(?:real[- ]time|up-to-date|current) (?:data|information"
    r"|access)\b|\bI (?:can['’]?t|cannot) (?:access|browse) (?:the internet|real[- ]time)\b"
    r"|(?:截至|截止)(?:到)?我(?:的|所)[^。\n]{0,8}(?:知识|更新|训练)|我的(?:知识|训练数据)[^。\n]{0,8}(?:截止|截至|更新)"
    r"|私の(?:知識|学習データ|情報)[は][^。\n]{0,20}(?:まで|時点)|(?:제|저의|나의) (?:지식|학습 데이터)[은는][^.\n]{0,20}까지"
    r"|\bmein (?:wissensstand|wissen|trainingsstand) (?:reicht|endet|ist)\b|\bmeine[rs]? (?:letzten|letztes|trainings)"
    r" ?(?:aktualisierung|update|daten)\b|\bma (?:dernière mise à jour|base de connaissances)\b"
    r"|\bmes connaissances s['’]arrêtent\b|\bmi (?:última actualización|fecha de corte)\b|\bmi conocimiento llega\b"
    r"|\bminha (?:última atualização|data de corte)\b|\bmio ultimo aggiornamento\b|\bmie conoscenze (?:arrivano|si fermano)"
    r"|\b(?:моё|мое) последнее обновление\b|\bмоего последнего обновления\b|\bмои (?:знания|данные) (?:ограничены|заканчиваются)"
    r"|آخر تحديث لي|معرفتي تمتد|मेरे (?:अंतिम|पिछले) अपडेट|मेरी जानकारी[^।\n]{0,20}तक|son güncellemem|bilgi kesim tarihim"
    r"|lần cập nhật (?:cuối|gần nhất) của tôi",
    re.IGNORECASE,
)
BRANDS = {
    "DeepSeek": r"DeepSeek[\w.-]*|深度求索",
    "ChatGPT": r"ChatGPT[\w.-]*|GPT-?[345][\w.-]*|OpenAI",
    "Claude": r"Claude(?!\w)[\d. -]*|Anthropic",
    "Gemini": r"Gemini(?!\w)|Gemma(?!\w)|Google(?: DeepMind)?(?!\w)",
    "Qwen": r"Qwen[\w.-]*|QwQ[\w-]*|Tongyi Qianwen|通义千问|阿里(?:云|巴巴)|Alibaba(?: Cloud)?",
    "Llama": r"Llama(?!\w)[\w.-]*|Meta AI(?!\w)",
    "Mistral": r"Mistral(?: AI)?(?!\w)|Mixtral[\w.-]*",
    "Grok": r"Grok(?!\w)|xAI(?!\w)",
    "Kimi": r"Kimi(?!\w)|Moonshot(?: AI)?|月之暗面",
    "GLM": r"(?:Chat)?GLM[\w.-]*|智谱(?:清言|AI)?|Zhipu(?: AI)?",
    "Copilot": r"Copilot(?!\w)|Microsoft(?!\w)",
    "Ernie": r"ERNIE(?!\w)|文心一言|百度",
    "Doubao": r"Doubao|豆包|字节跳动",
    "Hunyuan": r"Hunyuan|混元|腾讯",
}
"""Whose assistant -> how it and its maker are called."""
_WORDLY = (
    "Claude",
    "Gemini",
    "Gemma",
    "Google",
    "Grok",
    "Kimi",
    "Llama",
    "Mistral",
    "Meta",
    "Microsoft",
)
"""Names that people, stars and beasts have, too: there, something else must speak of a model."""
_ANY = "|".join(BRANDS.values())
_MADE = r"(?:developed|created|made|built|trained|designed)(?: and \w+)? by (?:the \w+ ){0,2}"
_SAYS_WHO = re.compile(
    rf"\b(?:I am|I['’]m|my name is|call me)\s+(?:an? [^.,!?\n]{{0,40}}? (?:called|named) )?(?P<en>{_ANY})"
    rf"|\b(?:I am|I['’]m|I was)\b[^.!?\n]{{0,80}}?\b{_MADE}(?P<by>{_ANY})"
    rf"|(?<!such )\bas (?P<role>{_ANY}), (?=[^.\n]{{0,40}}\bI\b)"
    rf"|我(?:是|叫)[^。！？\n]{{0,12}}?(?P<zh>{_ANY})|我[^。！？\n]{{0,12}}由[^。！？\n]{{0,8}}?(?P<vonzh>{_ANY})"
    rf"|(?:私|僕|わたし)は[^。\n]{{0,30}}?(?P<ja>{_ANY})|(?:저는|나는|제 이름은)[^.\n]{{0,30}}?(?P<ko>{_ANY})"
    rf"|\b(?:ich bin|ich heiße|mein name ist)\s+(?:\w+ ){{0,3}}?(?P<de>{_ANY})"
    rf"|\b(?:je suis|je m['’]appelle)\s+(?:\w+ ){{0,3}}?(?P<fr>{_ANY})"
    rf"|\b(?:soy|me llamo|mi nombre es|sou|me chamo|meu nome é|sono|mi chiamo)\s+(?:\w+ ){{0,3}}?(?P<ro>{_ANY})"
    rf"|\bя\s*(?:[—–-]|это)?\s*(?P<ru>{_ANY})|\bменя зовут (?P<zovut>{_ANY})|(?:أنا|اسمي)\s+(?P<ar>{_ANY})"
    rf"|(?:मैं|मेरा नाम)\s+(?P<hi>{_ANY})|\b(?:ben|adım)\b[^.\n]{{0,40}}?(?P<tr>{_ANY})"
    rf"|\b(?:tôi là|tên tôi là|mình là)\s+(?P<vi>{_ANY})",
    re.IGNORECASE,
)
_OF_MODELS = re.compile(
    r"\bAI\b|assist[ae]|language model|\bmodel|\bLLM\b|chatbot|trained|anthropic|openai|modell|modèle|modello"
    r"|智能|助手|模型|アシスタント|モデル|모델|модель|ассистент|نموذج|मॉडल|asistan|trợ lý|mô hình|GPT",
    re.IGNORECASE,
)
_ABOUT = 100
NAMES = [
    *(
        "deepseek",
        "gpt",
        "openai",
        "claude",
        "anthropic",
        "gemini",
        "gemma",
        "google",
        "qwen",
        "qwq",
    ),
    *(
        "tongyi",
        "alibaba",
        "llama",
        "meta ai",
        "mistral",
        "mixtral",
        "grok",
        "xai",
        "kimi",
        "moonshot",
    ),
    *(
        "glm",
        "zhipu",
        "copilot",
        "microsoft",
        "ernie",
        "doubao",
        "hunyuan",
        "深度求索",
        "通义千问",
        "阿里",
    ),
    *("月之暗面", "智谱", "文心一言", "百度", "豆包", "字节跳动", "混元", "腾讯"),
]
"""One of these stands in every text that `identities` finds something in, in small letters."""


_NAMED = re.compile("|".join(map(re.escape, NAMES)), re.IGNORECASE)
"""Lines with none of these are not looked at closely: that takes ten times as long."""


def identities(text: str) -> list[str]:
    """Whose assistant the writer says it is, by the names of `BRANDS`, first said first.

    >>> identities("I am DeepSeek-R1. Others say: I'm Claude, and live in Lyon.")
    ['DeepSeek']
    """
    return list(dict.fromkeys(name for _, name in claims(text)))


def claims(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Where the writer says whose assistant it is, first character and the one behind the last, and
    the name."""
    start = 0
    for line in text.split("\n"):
        if _NAMED.search(line):
            yield from (((start + a, start + b), name) for (a, b), name in _said(line))
        start += len(line) + 1


def cutoffs(text: str) -> int:
    """How often the writer says how far its knowledge goes."""
    return len(CUTOFF.findall(text))


def _said(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    for found in _SAYS_WHO.finditer(text):
        name = next(value for value in found.groupdict().values() if value)
        near = text[max(0, found.start() - _ABOUT) : found.start()] + text[found.end() :][:_ABOUT]
        if name.startswith(_WORDLY) and not _OF_MODELS.search(near):
            continue
        called = (b for b, known in BRANDS.items() if re.fullmatch(known, name.strip(), re.I))
        yield found.span(), next(called, name)
