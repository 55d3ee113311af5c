"""What a form sends: each field once, as text."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from graph.errors import Misconfigured

Fields = dict[str, str]
MEDIA_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20


async def fields_of(request: Request) -> Fields:
    """Return the fields of a form. Misconfigured for what no form of ours sends."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise Misconfigured("this takes a form and nothing else", f"send it as {MEDIA_TYPE}")
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Misconfigured("the form cannot be read", "open the page again, and send it from there") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Misconfigured("the form has a field twice", "open the page again, and send it from there")
    if any("\0" in value for value in found.values()):
        raise Misconfigured("the form holds a character that cannot be kept", "leave out the one with the number 0")
    return {name: value.replace("\r\n", "\n") for name, value in found.items()}


Form = Annotated[Fields, Depends(fields_of)]
