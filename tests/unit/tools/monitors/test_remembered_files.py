"""What a monitor that stays remembers of files: as little as can be, and nothing of those that are gone."""

from pathlib import Path

from tests.unit.tools.monitors.logs import World
from tools.monitors.file_source import LogFiles


def test_files_of_one_kind_share_their_schema_and_those_gone_are_forgotten(tmp_path: Path):
    world = World(tmp_path, days=6)
    source = LogFiles(world.log)

    def look() -> int:
        return source.look(
            lambda rows, listed: sum(len(rows.schema(part).names) + rows.extent(part, "at").rows for part in listed[0])
        )

    whole = look()
    log = [known for path, (_, known) in source.memory.schemas.items() if "/log/" in path]
    assert len(log) == 6
    assert len({id(schema) for schema in log}) == 1
    assert look() == whole
    (world.folder / "log" / "00.parquet").unlink()
    assert look() < whole
    assert not any(path.endswith("/log/00.parquet") for path in source.memory.schemas)
    assert not any(path.endswith("/log/00.parquet") for path, _ in source.memory.extents)
