"""Is what was written what was shown? Every number and every id of an answer must stand in the facts."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from graph.reasoning.facts import Facts

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?Z?)?", re.ASCII)
_MARKED = re.compile(r"(?<!\w)[A-Za-z][\w.]*\d\w*(?:\.[A-Za-z_]\w*)?", re.ASCII)
"""A word with a digit in it: an id, a name of a fact. Never read as a number, so it must be known as it is."""
_NUMBER = re.compile(r"(?:(?<![\w)])[-+])?(?:\d[\d,]*)?\.?\d+(?:[eE][-+]?\d{1,3})?", re.ASCII)
_PERCENT = re.compile(r"\s?(?:%|per ?cent\b|percentage points?\b)")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
_WORDS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "dozen": "12", "twenty": "20", "thirty": "30", "forty": "40",
    "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100",
    "thousand": "1000", "million": "1000000", "billion": "1000000000",
    "half": "0.5", "halved": "0.5", "halves": "0.5", "quarter": "0.25", "zero": "0",
    "twice": "2", "double": "2", "doubled": "2", "doubles": "2", "thrice": "3", "triple": "3", "tripled": "3",
}  # fmt: skip
_SPELLED = re.compile(rf"\b({'|'.join(_WORDS)})(?:fold|s)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as somebody wrote it."""

    value: Decimal
    digits: int
    """Significant digits as written."""
    decimals: int
    percent: bool
    signed: bool


def ungrounded(text: str, facts: Facts) -> str | None:
    """Return the first piece of the text that was not shown, or None when all of it was."""
    plain = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    for pattern, known in ((_TIME, _times(facts)), (_MARKED, _marked(facts))):
        for piece in pattern.findall(plain):
            if piece not in known:
                return str(piece)
        plain = pattern.sub(" ", plain)
    shown = [number for line in _lines(facts) for number in _numbers(_MARKED.sub(" ", _TIME.sub(" ", line)))[0]]
    written, rest = _numbers(plain)
    stray = next((str(number.value) for number in written if not any(_agree(number, fact) for fact in shown)), None)
    # Digits of other scripts, and what looked like a number and was none.
    return stray or next((letter for letter in rest if letter.isnumeric()), None)


def unknown_ids(cited: Iterable[str], facts: Facts) -> list[str]:
    """Return the cited ids that name no fact."""
    known = {f"{group}.{fact}" for group, found in facts.items() for fact in found}
    return [each for each in cited if each not in known]


def _lines(facts: Facts) -> Iterator[str]:
    return (line for found in facts.values() for line in found.values())


def _times(facts: Facts) -> set[str]:
    """Return every way in which the shown times may be repeated: in full, to the minute, the date."""
    shown = [found for line in _lines(facts) for found in _TIME.findall(line)]
    forms = {time[:length] for time in shown for length in (10, 16, 19, 20)}
    return forms | {form.replace("T", " ") for form in forms} | {f"{form}Z" for form in forms if len(form) == 16}


def _marked(facts: Facts) -> set[str]:
    pieces = [*facts, *(fact for found in facts.values() for fact in found), *_lines(facts)]
    words = {word for piece in pieces for word in _MARKED.findall(_TIME.sub(" ", piece))}
    return words | {f"{group}.{fact}" for group, found in facts.items() for fact in found}


def _numbers(text: str) -> tuple[list[Number], str]:
    """Return the numbers of a text and what is left of it without them."""
    found = []
    for match in _NUMBER.finditer(text):
        number = _number(match[0], _PERCENT.match(text, match.end()) is not None)
        if number is None:
            return [], text
        found.append(number)
    spelled = [_number(_WORDS[word.lower()], percent=False) for word in _SPELLED.findall(text)]
    return found + [number for number in spelled if number], _NUMBER.sub(" ", text)


def _number(text: str, percent: bool) -> Number | None:
    digits = text.lstrip("+-")
    whole = digits.partition(".")[0].partition("e")[0]
    if "," in digits and not _GROUPED.fullmatch(whole):
        return None
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    exponent = value.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    return Number(value, len(value.as_tuple().digits), decimals, percent, signed=text[0] in "+-")


def _agree(written: Number, fact: Number) -> bool:
    """Tell whether a written number is a shown one: exactly, or rounded to no less than two digits; in per cent too."""
    scale = Decimal(100) if written.percent and not fact.percent else Decimal(1)
    scale = Decimal("0.01") if fact.percent and not written.percent else scale
    value = fact.value * scale
    if not written.signed:
        value = abs(value)
    if written.value == value:
        return True
    step = Decimal(1).scaleb(-written.decimals)
    return written.digits >= 2 and abs(written.value - value) <= step / 2
