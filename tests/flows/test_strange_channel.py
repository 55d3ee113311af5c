"""A kind of channel that another distribution brings: people have an address there, and their answers count."""

import pytest

from autopilot.serve.hearing import hear
from autopilot.serve.telling import Teller
from autopilot.spec import parse
from graph.errors import Misconfigured
from tests.fakes.channel import FakeChannel
from tests.serving import FILE, serving
from tests.strange_channels import install
from tools import catalogue
from tools.approvals.channel import Heard

ADDRESSES = {"pager": "555-1", "letter": "ana@example.com", "siren": "555-1"}


@pytest.fixture
def installed(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("site")
    install(folder)
    monkeypatch.syspath_prepend(folder)


def text(kind):
    people = FILE.replace("ana: {", 'ana: {pager: "555-1", email: ana@example.com, ')
    return f"channels: {{{kind}: {{number: 7}}}}{people}"


@pytest.mark.parametrize(("kind", "counts"), [("pager", True), ("letter", True), ("siren", False)])
def test_people_are_called_and_answer_where_the_kind_says_that_it_knows_them(home, tmp_path, installed, kind, counts):
    channel = FakeChannel(kind)
    with serving(home, tmp_path, {kind: lambda: channel}, text=text(kind)) as doors:
        run = home.waiting()
        Teller(doors.desk, kind).turn()
        (shown,) = channel.posts
        assert shown.call == ((ADDRESSES[kind],) if counts else ())
        heard = Heard(ADDRESSES[kind], "approve", home.clock.now())
        channel.hear({"id": next(iter(channel.shows))}, heard)
        hear(doors.desk, kind)
        Teller(doors.desk, kind).turn()
        assert home.book.approval(run).state == ("approved" if counts else "pending")
        said = "".join(text for _, _, text, _ in channel.said)
        assert said == "" if counts else said.endswith("this kind of channel knows no people: answer elsewhere")


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("pagr: '555-1'", r"a.yaml:3: people.ana.pagr: .* not permitted"),
        ("number: '555-1'", r"people.ana.number: .* not permitted"),
        ("pager: 5551", r"a.yaml:3: people.ana.pager: Input should be a valid string"),
        ("pager: ''", r"people.ana.pager: String should have at least 1"),
    ],
)
def test_an_address_that_nobody_reads_is_refused_by_name(installed, person, said):
    with pytest.raises(Misconfigured, match=said):
        parse(FILE.replace("ana: {", f"ana: {{{person}, "), "a.yaml")


def test_what_is_not_installed_is_no_field_of_a_person():
    with pytest.raises(Misconfigured, match=r"people\.ana\.pager"):
        parse(FILE.replace("ana: {", "ana: {pager: '555-1', "), "a.yaml")


def test_a_kind_that_looks_where_nobody_has_an_address_is_its_authors_to_correct(installed):
    with pytest.raises(Misconfigured, match="looks for addresses under 'telephone', which no person has"):
        catalogue.channel("odd")
