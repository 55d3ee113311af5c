"""Sizes of files and functions. There is no list of exceptions."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ["graph", "tools", "checkpoints", "autopilot"]
EVERYTHING = [*PRODUCT, "examples", "benchmarks", "scripts", "tests"]


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def functions(*folders: str) -> dict[str, int]:
    """Lines of each function, decorators not counted, by file, line and name."""
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources(*folders)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("package", PRODUCT)
def test_every_package_is_looked_at(package: str):
    assert functions(package)


def test_no_file_is_longer_than_400_lines():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources(*EVERYTHING)}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_no_function_is_longer_than_50_lines():
    assert {name: lines for name, lines in functions(*EVERYTHING).items() if lines > 50} == {}


def test_the_median_function_is_shorter_than_10_lines():
    assert statistics.median(functions(*PRODUCT).values()) < 10
