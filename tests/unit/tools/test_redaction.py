"""Secrets leave text, whatever their spelling; ordinary text stays."""

import pytest

from tools.redaction import Redactor, names_secret, secrets_of

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "PWD": "/home/ana/work",
    "MLFLOW_TRACKING_URI": "postgresql+psycopg://trainer:p%40ss%2Fword@db.example:5432/mlflow",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
    "HF_TOKEN": "hf_abcdefgh",
    "DB_PASSWORD": "hunter2",
    "TOKENIZERS_PARALLELISM": "false",
    "KEYBOARD": "qwerty",
    "PIN_KEY": "1",
}

REDACT = Redactor.of(secrets_of(ENVIRONMENT))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot connect: wJalrXUtnFEMI is wrong", "cannot connect: *** is wrong"),
        ("login trainer p%40ss%2Fword", "login trainer ***"),
        ("login trainer p@ss/word", "login trainer ***"),  # as a driver prints it: decoded
        ("['hf_abcdefgh', 'hunter2']", "['***', '***']"),
        ("postgresql://other:unknown@db/x", "postgresql://other:***@db/x"),  # one that we were never told
        ("redis://:nouser@cache:6379/0", "redis://:***@cache:6379/0"),
        ("Authorization: Bearer abcdefghij.klm-nop", "Authorization: Bearer ***"),
        ("key lsv2_pt_0123456789abcdef_0123", "key ***"),
        ("key sk-proj-0123456789abcdef", "key ***"),
        ('{"api_key": "verysecret"}', '{"api_key": "***"}'),
        ("password=verysecret&x=1", "password=***&x=1"),
    ],
)
def test_secrets_are_masked(text, shown):
    assert REDACT(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "exit code 1 in /home/ana/work, PATH /usr/bin:/bin",
        "roc_auc 0.91 at http://localhost:5000/experiments?x=1@2",
        "the token count was false; qwerty; ask-me-anything later",
        "sort_key=amount, mail ana@example.com",
    ],
)
def test_ordinary_text_stays(text):
    assert REDACT(text) == text


@pytest.mark.parametrize("text", ['a"b\\c', r'{"x": "a\"b\\c"}', r"""ValueError('a"b\\c')""", "https://h/?q=a%22b%5Cc"])
def test_a_secret_is_found_in_its_escaped_spellings(text):
    assert "***" in Redactor.of(['a"b\\c'])(text)


def test_the_password_of_a_secret_url_is_a_secret_itself():
    assert Redactor.of(["postgresql://u:p%40ss-word@h/db"])("no entry for p@ss-word") == "no entry for ***"


@pytest.mark.parametrize(("key", "secret"), [("password", True), ("API_KEY", True), ("hf_token", True), ("key", False)])
def test_keys_that_announce_a_secret(key, secret):
    assert names_secret(key) is secret


def test_a_secret_that_begins_with_another_leaves_no_rest():
    assert Redactor.of(["hunter", "hunter2222"])("hunter2222 hunter") == "*** ***"


def test_the_longest_secret_is_known():
    assert Redactor.of(["abcd", "abcdef"]).longest == 6
    assert Redactor.of([]).longest == 0
