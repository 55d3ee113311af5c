"""MLmodel files, whole and broken."""

from pathlib import Path

import pytest

from tools.evaluation import mlmodel
from tools.evaluation.mlmodel import Column, ModelError

SKOPS = "flavors:\n  sklearn:\n    pickled_model: {file}\n    serialization_format: skops\n"


def written(folder: Path, text: str) -> Path:
    (folder / "MLmodel").write_text(text)
    (folder / "model.skops").write_text("")
    return folder


def test_a_skops_model_names_its_file(tmp_path):
    saved = mlmodel.read("champion", written(tmp_path, SKOPS.format(file="model.skops")))
    assert saved.skops_file == tmp_path / "model.skops"
    assert saved.flavors == ("sklearn",)


@pytest.mark.parametrize(
    ("text", "stored_as"),
    [
        ("flavors:\n  sklearn:\n    serialization_format: cloudpickle\n", "sklearn as cloudpickle"),
        ("flavors:\n  sklearn: {}\n  python_function: {}\n", "sklearn as pickle"),
        ("flavors:\n  xgboost: {}\n  python_function: {}\n", "xgboost, python_function"),
        ("{}", "none"),
        ("", "none"),
        ("just text", "none"),
    ],
)
def test_other_ways_of_storing_are_named(tmp_path, text: str, stored_as: str):
    saved = mlmodel.read("challenger", written(tmp_path, text))
    assert (saved.skops_file, saved.stored_as) == (None, stored_as)


@pytest.mark.parametrize("file", ["../model.skops", "/etc/passwd", "missing.skops", "."])
def test_a_model_file_elsewhere_is_refused(tmp_path, file: str):
    inner = tmp_path / "model"
    inner.mkdir()
    (tmp_path / "model.skops").write_text("")
    with pytest.raises(ModelError, match="not among its files"):
        mlmodel.read("challenger", written(inner, SKOPS.format(file=file)))


def test_a_link_to_elsewhere_is_refused(tmp_path):
    folder = written(tmp_path, SKOPS.format(file="link.skops"))
    (folder / "link.skops").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match="not among its files"):
        mlmodel.read("challenger", folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "hold no MLmodel file"),
        ("a: [", "MLmodel file cannot be read"),
        ("!!python/object/apply:os.system [exit]", "MLmodel file cannot be read"),
        ("signature: {inputs: 'no json'}", "signature cannot be read"),
        ("signature: {inputs: [1]}", "signature cannot be read"),
    ],
)
def test_a_broken_file_is_said_with_the_model(tmp_path, text: str | None, said: str):
    if text is not None:
        written(tmp_path, text)
    with pytest.raises(ModelError, match=f"the champion's .*{said}"):
        mlmodel.read("champion", tmp_path)


@pytest.mark.parametrize(
    ("inputs", "columns", "width"),
    [
        ('[{"name": "a", "type": "long"}, {"name": "b", "type": "string", "required": false}]',
         (Column("a", "long"), Column("b", "string")), None),
        ('[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}]', None, 4),
        ('[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, -1]}}]', None, None),
        ('[{"type": "double"}, {"type": "double"}]', None, 2),
    ],
)  # fmt: skip
def test_signatures(tmp_path, inputs: str, columns, width):
    saved = mlmodel.read("champion", written(tmp_path, f"signature: {{inputs: '{inputs}'}}"))
    assert (saved.columns, saved.width) == (columns, width)
