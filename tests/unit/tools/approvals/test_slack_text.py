"""Nothing that comes from outside is more than text in Slack."""

import html

import pytest

from graph.errors import Misconfigured
from tools.approvals.slack_text import LONGEST_SECTION, line, link, mention, mentions, paragraphs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> and <!here>", "&lt;!channel&gt; and &lt;!here&gt;"),
        ("<@U0G9QF9C6>", "&lt;@U0G9QF9C6&gt;"),
        ("<https://evil.example|the report>", "&lt;https://evil.example|the report&gt;"),
        ("a & b &lt; c", "a &amp; b &amp;lt; c"),
        ("two\nlines\tand  more", "two lines and more"),
        ("\u202edecide this\x00\x1b[1m", "decide this [1m"),
        ("", ""),
    ],
)
def test_markup_is_text(text: str, shown: str) -> None:
    assert line(text) == shown


@pytest.mark.parametrize("text", ["<" * 50, "&" * 50, "a&" * 50, "é😀" * 50])
@pytest.mark.parametrize("most", range(1, 12))
def test_what_is_cut_fits_and_holds_no_half_of_an_escape(text: str, most: int) -> None:
    shown = line(text, most)
    assert len(shown) <= most
    assert shown.endswith("…")
    assert text.startswith(html.unescape(shown[:-1]))


def test_what_fits_is_not_cut() -> None:
    assert line("<>&", len("&lt;&gt;&amp;")) == "&lt;&gt;&amp;"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://a.example/x?y=1&z=2.", "see <https://a.example/x?y=1&amp;z=2>."),
        ("(https://a.example)", "(<https://a.example>)"),
        ("<https://a.example|x>", "&lt;<https://a.example>|x&gt;"),
        ("javascript:alert(1) ftp://a", "javascript:alert(1) ftp://a"),
        ("one\n\n  two ", "one\n\ntwo"),
        ("", ""),
    ],
)
def test_an_address_in_a_text_of_ours_is_a_link(text: str, shown: str) -> None:
    assert "\n".join(paragraphs(text, 3)) == shown


def test_a_long_text_is_cut_between_its_lines() -> None:
    pieces = paragraphs("\n".join(f"{number} " + "x" * 900 for number in range(30)), 5)
    assert len(pieces) == 5
    assert [len(piece) <= LONGEST_SECTION for piece in pieces] == [True] * 5
    assert [piece[:2] for piece in pieces[:4]] == ["0 ", "3 ", "6 ", "9 "]
    assert pieces[4] == "… and more than fits here"


def test_our_links_hold_what_is_said_and_nothing_that_ends_them() -> None:
    assert link("https://a.example/?q=<|>&b", "Report") == "<https://a.example/?q=&lt;%7C&gt;&amp;b|Report>"


def test_a_person_is_called_by_the_second_half_of_the_address() -> None:
    assert mentions(("T024BE7LD/U0G9QF9C6", "E1/W2")) == "<@U0G9QF9C6> <@W2>"


@pytest.mark.parametrize("address", ["", "U0G9QF9C6", "T1/U2/U3", "T1/!channel", "T1/U2>", "t1/u2", "T1/U2\n", "T1/S2"])
def test_what_is_no_address_calls_nobody(address: str) -> None:
    with pytest.raises(Misconfigured, match="no address of a person") as error:
        mention(address)
    assert "people" in error.value.hint
