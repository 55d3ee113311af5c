"""One installation for all tests of this folder: databases and schemas cost more than the tests."""

from collections.abc import Iterator

import pytest

from tests.crash.installation import Installation, installation


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("c") / "a site") as installed:
        yield installed
