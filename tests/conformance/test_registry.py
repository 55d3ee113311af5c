"""What every Registry promises, whatever is behind it."""

import math
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graph.errors import Misconfigured, NotFound, Refused
from graph.model import Artifact, Json, ModelRef
from tests.conformance.registries import FakeWorld, Files, MlflowWorld, World
from tests.servers import MlflowDatabase
from tools.registry import provision

FILES = {"MLmodel": b"flavors: {}\n", "data/model.skops": b"weights"}
OTHER = {"MLmodel": b"flavors: {}\n", "data/model.skops": b"other weights"}


@pytest.fixture(scope="session")
def sqlite(mlflow_environment: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("sqlite") / "a home"
    folder.mkdir()
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    provision.migrate(uri)
    provision.ensure_experiments(uri, folder / "artifacts")
    return uri, folder / "artifacts"


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    (tmp_path / "scratch").mkdir()
    if request.param == "fake":
        return FakeWorld()
    if request.param == "sqlite":
        uri, artifacts = request.getfixturevalue("sqlite")
        return MlflowWorld(uri, uri, artifacts, tmp_path / "scratch")
    database: MlflowDatabase = request.getfixturevalue("mlflow_database")
    return MlflowWorld(database.promoter, database.owner, database.artifacts, tmp_path / "scratch")


@pytest.fixture
def name() -> str:
    """A model that no other test knows: the databases live as long as the session."""
    return f"model-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def key(name: str) -> str:
    return f"{name}.run-1"


def trained(
    world: World,
    key: str,
    files: Files | None = FILES,
    metrics: Mapping[str, float] = {"auc": 0.9},
    status: str = "FINISHED",
    more: int = 0,
) -> str:
    return world.train(key, files, metrics, status, more)


def approved(world: World, name: str, key: str, to: Path) -> Artifact:
    """Train and register a candidate of this key, and fetch its files."""
    trained(world, key)
    candidate = world.registry().register_candidate(name, key)
    return world.registry().fetch(ModelRef(f"{name}-candidates", candidate.version), to)


def promoted(world: World, name: str, key: str, to: Path) -> tuple[Json, ModelRef]:
    registry = world.registry()
    release = registry.release(name, f"{key}.release", approved(world, name, key, to))
    return release, registry.create_version(name, f"{key}.version", release, {"autopilot.candidate": "1", "by": "ana"})


# --- candidates ---


def test_a_run_becomes_a_candidate_once(world: World, name: str, key: str):
    run = trained(world, key)
    assert world.registry().find_candidate(name, key) is None
    candidate = world.registry().register_candidate(name, key)
    assert (candidate.version, candidate.run_id, candidate.key) == ("1", run, key)
    assert world.registry().register_candidate(name, key) == candidate
    assert world.registry().find_candidate(name, key) == candidate
    assert {v: tags["autopilot.key"] for v, tags in world.versions(f"{name}-candidates").items()} == {"1": key}


def test_candidates_of_two_keys_are_two_versions(world: World, name: str, key: str):
    for suffix in "ab":
        trained(world, key + suffix)
    versions = [world.registry().register_candidate(name, key + suffix).version for suffix in "ab"]
    assert versions == ["1", "2"]


def test_a_version_that_the_script_registered_is_adopted(world: World, name: str, key: str):
    run = trained(world, key)
    made = world.register(f"{name}-candidates", run, {"theirs": "yes"})
    candidate = world.registry().register_candidate(name, key)
    assert candidate.version == made.version
    assert world.versions(f"{name}-candidates") == {made.version: {"theirs": "yes", "autopilot.key": key}}


def test_of_several_models_the_registered_one_counts(world: World, name: str, key: str):
    run = trained(world, key, more=1)
    made = world.register(f"{name}-candidates", run, {})
    assert world.registry().register_candidate(name, key).version == made.version


def test_a_failed_attempt_beside_a_finished_one_does_not_count(world: World, name: str, key: str):
    trained(world, key, status="FAILED")
    run = trained(world, key)
    assert world.registry().register_candidate(name, key).run_id == run


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param([], id="no run"),
        pytest.param([{"files": None}], id="no model"),
        pytest.param([{"status": "FAILED"}], id="failed run"),
        pytest.param([{"status": "KILLED"}], id="killed run"),
        pytest.param([{"status": "RUNNING"}], id="run not ended"),
        pytest.param([{}, {}], id="two runs"),
        pytest.param([{"more": 1}], id="two models"),
    ],
)
def test_what_training_left_unclear_is_refused(world: World, name: str, key: str, runs: list[dict[str, object]]):
    for run in runs:
        trained(world, key, **run)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refusal:
        world.registry().register_candidate(name, key)
    assert str(refusal.value)
    assert world.registry().find_candidate(name, key) is None
    assert world.versions(f"{name}-candidates") == {}


def test_processes_that_race_register_one_candidate(world: World, name: str):
    for round_ in range(3):
        key = f"{name}.race-{round_}"
        trained(world, key)
        registries = [world.registry() for _ in range(3)]
        with ThreadPoolExecutor(3) as threads:
            found = set(threads.map(lambda registry, key=key: registry.register_candidate(name, key), registries))
        assert len(found) == 1
        assert [tags["autopilot.key"] for tags in world.versions(f"{name}-candidates").values()].count(key) == 1


@pytest.mark.parametrize("call", ["find_candidate", "register_candidate"])
def test_a_name_that_trainers_may_write_is_not_a_model(world: World, call: str, key: str):
    with pytest.raises(Misconfigured):
        getattr(world.registry(), call)("x-candidates", key)


# --- files and metrics ---


def test_the_digest_is_of_names_and_bytes_and_stays(world: World, name: str, key: str, tmp_path: Path):
    first = approved(world, name, key, tmp_path / "to")
    again = world.registry().fetch(ModelRef(f"{name}-candidates", "1"), tmp_path / "to")
    assert first.digest == again.digest
    assert first.path != again.path
    folder = Path(first.path)
    assert folder.is_relative_to(tmp_path / "to")
    assert {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == FILES


def test_overwritten_candidates_have_another_digest(world: World, name: str, key: str, tmp_path: Path):
    before = approved(world, name, key, tmp_path / "to").digest
    candidate = world.registry().find_candidate(name, key)
    assert candidate
    world.overwrite(candidate.run_id, OTHER, {})
    assert world.registry().fetch(ModelRef(f"{name}-candidates", "1"), tmp_path / "to").digest != before


@pytest.mark.parametrize("version", ["1", "7"])
def test_what_does_not_exist_is_not_found(world: World, name: str, key: str, tmp_path: Path, version: str):
    if version == "7":
        approved(world, name, key, tmp_path / "to")
    ref = ModelRef(f"{name}-candidates", version)
    with pytest.raises(NotFound):
        world.registry().fetch(ref, tmp_path / "to")
    with pytest.raises(NotFound):
        world.registry().reported(ref)


def test_an_artifact_is_found_while_it_is_there(world: World, name: str, key: str, tmp_path: Path):
    digest = approved(world, name, key, tmp_path / "to").digest
    found = world.registry().find_artifact(ModelRef(f"{name}-candidates", "1"), tmp_path / "to")
    assert found is not None
    assert found.digest == digest
    assert world.registry().find_artifact(ModelRef(f"{name}-candidates", "7"), tmp_path / "to") is None
    assert world.registry().find_artifact(ModelRef(name, "1"), tmp_path / "to") is None


def test_reported_metrics_are_the_runs_own(world: World, name: str, key: str):
    trained(world, key, metrics={"auc": 0.9, "odd": math.nan})
    world.registry().register_candidate(name, key)
    reported = world.registry().reported(ModelRef(f"{name}-candidates", "1"))
    assert reported["auc"] == 0.9
    assert math.isnan(reported["odd"])
    assert set(reported) == {"auc", "odd"}


# --- releases and versions ---


def test_a_release_is_uploaded_once(world: World, name: str, key: str, tmp_path: Path):
    artifact = approved(world, name, key, tmp_path / "to")
    registry = world.registry()
    assert registry.find_release(name, "r." + key) is None
    release = registry.release(name, "r." + key, artifact)
    assert release["digest"] == artifact.digest
    assert set(release) >= {"run_id", "digest"}
    assert registry.release(name, "r." + key, artifact) == release
    assert world.registry().find_release(name, "r." + key) == release
    assert world.releases("r." + key) == [release["run_id"]]


def test_an_upload_that_was_cut_off_is_completed(world: World, name: str, key: str, tmp_path: Path):
    artifact = approved(world, name, key, tmp_path / "to")
    begun = world.begin_release("r." + key, {"MLmodel": b"half"})
    assert world.registry().find_release(name, "r." + key) is None
    release = world.registry().release(name, "r." + key, artifact)
    assert release["run_id"] == begun
    assert world.releases("r." + key) == [begun]


def test_an_upload_among_other_files_is_never_complete(world: World, name: str, key: str, tmp_path: Path):
    artifact = approved(world, name, key, tmp_path / "to")
    world.begin_release("r." + key, {"data/somebody elses": b""})
    with pytest.raises(Refused):
        world.registry().release(name, "r." + key, artifact)
    assert world.registry().find_release(name, "r." + key) is None


@pytest.mark.parametrize("change", ["byte", "file more", "file less"])
def test_files_that_changed_since_approval_are_not_released(
    world: World, name: str, key: str, tmp_path: Path, change: str
):
    artifact = approved(world, name, key, tmp_path / "to")
    weights = Path(artifact.path) / "data" / "model.skops"
    if change == "byte":
        weights.write_bytes(b"Weights")
    elif change == "file more":
        weights.with_name("extra").write_bytes(b"")
    else:
        weights.unlink()
    with pytest.raises(Refused):
        world.registry().release(name, "r." + key, artifact)
    assert world.releases("r." + key) == []


def test_another_artifact_under_a_used_key_is_refused(world: World, name: str, key: str, tmp_path: Path):
    release, _ = promoted(world, name, key, tmp_path / "to")
    trained(world, key + "-2", OTHER)
    world.registry().register_candidate(name, key + "-2")
    other = world.registry().fetch(ModelRef(f"{name}-candidates", "2"), tmp_path / "to")
    with pytest.raises(Refused):
        world.registry().release(name, f"{key}.release", other)
    assert world.registry().find_release(name, f"{key}.release") == release


def test_a_version_carries_its_own_tags_only(world: World, name: str, key: str, tmp_path: Path):
    run = trained(world, key)
    world.register(f"{name}-candidates", run, {"approved_by": "forged"})
    candidate = world.registry().register_candidate(name, key)
    artifact = world.registry().fetch(ModelRef(f"{name}-candidates", candidate.version), tmp_path / "to")
    release = world.registry().release(name, "r." + key, artifact)
    assert world.registry().find_version(name, "v." + key) is None
    version = world.registry().create_version(name, "v." + key, release, {"by": "ana"})
    assert version == ModelRef(name, "1", release["run_id"], artifact.digest)
    assert world.registry().create_version(name, "v." + key, release, {"by": "bob"}) == version
    assert world.registry().find_version(name, "v." + key) == version
    tags = {"by": "ana", "autopilot.key": "v." + key, "autopilot.digest": artifact.digest}
    assert world.versions(name) == {"1": tags}


def test_nothing_a_trainer_does_afterwards_reaches_a_release(world: World, name: str, key: str, tmp_path: Path):
    release, version = promoted(world, name, key, tmp_path / "to")
    candidate = world.registry().find_candidate(name, key)
    assert candidate
    world.overwrite(candidate.run_id, OTHER, {"auc": 0.1})
    assert world.registry().fetch(version, tmp_path / "to").digest == release["digest"]
    assert dict(world.registry().reported(version)) == {"auc": 0.9}


# --- aliases ---


def test_an_alias_that_is_not_there_is_none(world: World, name: str, key: str, tmp_path: Path):
    assert world.registry().alias(name, "champion") is None
    promoted(world, name, key, tmp_path / "to")
    assert world.registry().alias(name, "champion") is None


def test_an_alias_moves_from_where_it_was_expected(world: World, name: str, key: str, tmp_path: Path):
    _, one = promoted(world, name, key, tmp_path / "to")
    run = trained(world, key + "-2")
    two = world.register(name, run, {})
    registry = world.registry()
    registry.move_alias(name, "champion", one.version, None)
    assert registry.alias(name, "champion") == one
    registry.move_alias(name, "champion", two.version, one.version)
    registry.move_alias(name, "previous", one.version, None)
    registry.move_alias(name, "champion", two.version, "77")  # it is there already
    assert world.registry().alias(name, "champion") == two
    assert world.registry().alias(name, "previous") == one


@pytest.mark.parametrize("expected", [None, "2"])
def test_an_alias_that_somebody_moved_stays(world: World, name: str, key: str, tmp_path: Path, expected: str | None):
    _, one = promoted(world, name, key, tmp_path / "to")
    two = world.register(name, trained(world, key + "-2"), {})
    three = world.register(name, trained(world, key + "-3"), {})
    world.registry().move_alias(name, "champion", one.version, None)
    with pytest.raises(Refused, match=r"version 1, not at (none|2)"):
        world.registry().move_alias(name, "champion", three.version, expected)
    assert world.registry().alias(name, "champion") == one
    assert two.version == "2"


def test_an_alias_does_not_move_to_a_version_that_is_not_there(world: World, name: str, key: str, tmp_path: Path):
    _, one = promoted(world, name, key, tmp_path / "to")
    world.registry().move_alias(name, "champion", one.version, None)
    with pytest.raises(NotFound):
        world.registry().move_alias(name, "champion", "9", one.version)
    assert world.registry().alias(name, "champion") == one
