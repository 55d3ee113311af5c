"""Markup that cannot be forgotten to be escaped: text becomes markup only through `tag`, which escapes it."""

import html
from collections.abc import Iterable

_VOID = frozenset({"line", "circle", "rect", "br"})


class Markup(str):
    """Markup that was made here. Every other text is escaped where it is put into an element."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: object) -> Markup:
    """Return an element. Children are markup or text; attribute names lose a trailing underscore, `_` becomes `-`."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(visible(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{said}/>")
    return Markup(f"<{name}{said}>{joined(children)}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Return parts one after the other; what is not markup yet is escaped."""
    return Markup(
        between.join(part if isinstance(part, Markup) else html.escape(visible(part)) for part in parts if part)
    )


def visible(text: str) -> str:
    """Return text with marks in the place of characters that are not shown, such as those that turn its direction."""
    return "".join(each if each.isprintable() or each in "\n\t " else "\N{REPLACEMENT CHARACTER}" for each in text)


def items(texts: Iterable[str], class_: str | None = None) -> Markup:
    """Return a list; nothing for no items."""
    found = [tag("li", text) for text in texts]
    return tag("ul", *found, class_=class_) if found else Markup("")


def table(head: Iterable[str], rows: Iterable[Iterable[str]], class_: str | None = None) -> Markup:
    """Return a table that scrolls by itself where the screen is narrow. The first cell of a row names it."""
    names = list(head)
    top = tag("tr", *[tag("th", name, scope="col") for name in names])
    body = [_row(names, list(cells)) for cells in rows]
    return scrolling(tag("table", tag("thead", top), tag("tbody", *body), class_=class_), f"table: {names[0]}")


def scrolling(inside: Markup, name: str) -> Markup:
    """Return something wide in a frame that scrolls by itself, also from the keyboard."""
    return tag("div", inside, class_="wide", role="group", aria_label=name, tabindex=0)


def _row(names: list[str], cells: list[str]) -> Markup:
    """Return a row; where the screen is too narrow for columns, each cell shows its column's name beside it."""
    beside = [tag("td", cell, data_label=name) for name, cell in zip(names[1:], cells[1:], strict=True)]
    return tag("tr", tag("th", cells[0], scope="row"), *beside)
