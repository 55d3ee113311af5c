"""The parts of the registry that need no MLflow: digests, locations, filters, and errors without secrets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from graph.errors import AutopilotError, Misconfigured, NotFound, Refused, Unavailable
from tools.registry import files, words
from tools.registry.transfer import local_path
from tools.registry.translation import translated


def written(folder: Path, content: dict[str, bytes]) -> Path:
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"a": b"x", "b": b"yz"}, id="bytes moved between files"),
        pytest.param({"a": b"xy", "c": b"z"}, id="name"),
        pytest.param({"ab": b"xyz"}, id="files joined"),
        pytest.param({"a": b"xy", "d/b": b"z"}, id="folder"),
        pytest.param({"a": b"xy"}, id="file less"),
        pytest.param({"a": b"xy", "b": b"z", "c": b""}, id="empty file more"),
    ],
)
def test_every_difference_changes_the_digest(tmp_path: Path, other: dict[str, bytes]):
    one = written(tmp_path / "one", {"a": b"xy", "b": b"z"})
    two = written(tmp_path / "two", other)
    assert files.digest(one) != files.digest(two)


def test_the_digest_does_not_depend_on_place_order_or_readers(tmp_path: Path):
    one = written(tmp_path / "one", {"a": b"xy", "d/b": b"z"})
    two = written(tmp_path / "a b" / "two", {"d/b": b"z", "registered_model_meta": b"model_name: m", "a": b"xy"})
    assert files.digest(one) == files.digest(two)
    inside = written(tmp_path / "three", {"d/registered_model_meta": b"", "d/b": b"z", "a": b"xy"})
    assert files.digest(one) != files.digest(inside)


def test_a_copy_has_the_same_digest(tmp_path: Path):
    source = written(tmp_path / "source", {"a": b"xy", "d/e/b": b"z" * 3_000_000, "registered_model_meta": b"m"})
    files.copy(source, tmp_path / "to" / "copy")
    assert files.digest(tmp_path / "to" / "copy") == files.digest(source)
    assert not (tmp_path / "to" / "copy" / "registered_model_meta").exists()


def test_no_files_are_no_model(tmp_path: Path):
    (tmp_path / "empty" / "folder").mkdir(parents=True)
    with pytest.raises(Refused):
        files.digest(tmp_path / "empty")
    with pytest.raises(NotFound):
        files.digest(tmp_path / "missing")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/a b/c", "/a b/c"),
        ("/a#b/c?d%20e", "/a#b/c?d%20e"),
        ("file:///a%20b/c%23d", "/a b/c#d"),
        ("file://localhost/a", "/a"),
        ("file:/a/b", "/a/b"),
        ("s3://bucket/a", None),
        ("mlflow-artifacts:/1/models", None),
        ("runs:/abc/model", None),
        ("dbfs:/a", None),
        ("https://host/a", None),
    ],
)
def test_locations_on_this_machine(uri: str, path: str | None):
    assert local_path(uri) == (Path(path) if path else None)


def test_another_machines_disk_is_said():
    with pytest.raises(Misconfigured):
        local_path("file://elsewhere/a")


@pytest.mark.parametrize(
    "find",
    [
        pytest.param(words.tagged, id="run"),
        pytest.param(lambda key: words.version_of("m", key), id="version"),
        pytest.param(lambda model: words.version_of(model, "k"), id="model"),
    ],
)
@pytest.mark.parametrize("value", ["it's", "a`b"])
def test_what_a_filter_cannot_say_is_refused(find: Callable[[str], str], value: str):
    with pytest.raises(Misconfigured):
        find(value)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TEMPORARILY_UNAVAILABLE", Unavailable),
        ("INTERNAL_ERROR", Unavailable),
        ("REQUEST_LIMIT_EXCEEDED", Unavailable),
        ("PERMISSION_DENIED", Misconfigured),
        ("UNAUTHENTICATED", Misconfigured),
        ("RESOURCE_DOES_NOT_EXIST", NotFound),
        ("RESOURCE_ALREADY_EXISTS", Refused),
    ],
)
def test_every_code_of_mlflow_has_one_meaning(code: str, kind: type[AutopilotError]):
    from mlflow.exceptions import MlflowException
    from mlflow.protos import databricks_pb2

    message = "\n\nrequest to https://someone:p%40ss-word@host:5000/api failed\nwith more lines"
    with pytest.raises(AutopilotError) as raised, translated("reading m@champion"):
        raise MlflowException(message, error_code=getattr(databricks_pb2, code))
    assert type(raised.value) is kind
    assert raised.value.message == "reading m@champion: request to https://someone:***@host:5000/api failed"
    assert raised.value.hint


@pytest.mark.parametrize(
    ("status", "kind"),
    [(None, Unavailable), (503, Unavailable), (429, Unavailable), (403, Misconfigured), (404, NotFound)],
)
def test_every_answer_of_an_artifact_server_has_one_meaning(status: int | None, kind: type[AutopilotError]):
    from requests import HTTPError, Response

    response = Response() if status else None
    if response is not None and status:
        response.status_code = status
    with pytest.raises(AutopilotError) as raised, translated("fetching"):
        raise HTTPError("no", response=response)
    assert type(raised.value) is kind
