"""A first file: every guess is right where it can be seen, said where it cannot, and the file is one that is read."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from autopilot import spec
from autopilot.init import name_from, write, write_with
from autopilot.initial.asking import Silent
from autopilot.initial.periods import duration
from graph.errors import Misconfigured
from graph.model import Json
from tests.unit.autopilot.logs import DAY, START, parquet, rows, to_csv, without


class Answers:
    """Answers questions from a list, and remembers what was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def choose(self, question: str, options: Sequence[str], proposal: str | None) -> str | None:
        self.asked.append(question)
        return (self.answers.pop(0) if self.answers else "") or proposal

    def tell(self, question: str, proposal: str) -> str:
        self.asked.append(question)
        return (self.answers.pop(0) if self.answers else "") or proposal


def proposed(log: Path, asker: object = None, model: str | None = "fraud", out: str = "autopilot.yaml") -> Json:
    """Write a file beside the log; return its one model's entry."""
    file = log.parent / out
    said = write_with(asker or Silent(), str(log), model, file)  # type: ignore[arg-type]
    spec.read(file)
    (entry,) = yaml.safe_load(file.read_text("utf-8"))["models"].values()
    return {**entry, "said": said}


def test_labels_in_the_log(tmp_path):
    entry = proposed(parquet(tmp_path / "log.parquet", rows()))
    monitor = entry["monitor"]
    assert monitor["source"] == "log.parquet"
    assert (monitor["id"], monitor["timestamp"], monitor["version"]) == ("prediction_id", "event_time", "model_version")
    assert monitor["prediction"] == "score"
    assert monitor["labels"] == {"label": "is_fraud", "delay": "0d"}
    assert monitor["features"] == ["amount", "merchant", "is_new_customer"]
    assert str(monitor["reference"]["from"]) == "2026-01-01"
    assert str(monitor["reference"]["until"]) == "2026-01-10"


def test_a_csv_is_read_like_a_parquet_file(tmp_path):
    monitor = proposed(to_csv(tmp_path / "log.csv", rows()))["monitor"]
    assert monitor["timestamp"] == "event_time"
    assert monitor["labels"]["label"] == "is_fraud"
    assert monitor["features"] == ["amount", "merchant", "is_new_customer"]


def test_every_guess_has_its_reason(tmp_path):
    entry = proposed(parquet(tmp_path / "log.parquet", rows()))
    text = (tmp_path / "autopilot.yaml").read_text("utf-8")
    assert all(found["because"] for found in entry["said"]["proposed"].values())
    assert "the score tells them apart (AUC 0." in text
    for reason in ("always (the same value in every row)", "customer_id (free text, or an id)", "note (free text"):
        assert reason in " ".join(text.replace("#", " ").split())
    assert "autopilot doctor" in entry["said"]["text"]
    assert "autopilot run fraud" in entry["said"]["text"]


def labels_of(found: list[Json], wait: timedelta) -> list[Json]:
    return [
        {
            "prediction_id": row["prediction_id"],
            "is_fraud": row["is_fraud"],
            "labelled_at": row["event_time"] + wait * (number % 10) / 9,
        }
        for number, row in enumerate(found)
    ]


def test_labels_beside_the_log_are_found_and_their_delay_is_measured(tmp_path):
    found = rows()
    log = parquet(tmp_path / "predictions" / "a.parquet", without(found, "is_fraud"))
    parquet(tmp_path / "labels" / "a.parquet", labels_of(found, 3 * DAY))
    said = write_with(Silent(), str(log.parent), "fraud", tmp_path / "autopilot.yaml")
    labels = yaml.safe_load((tmp_path / "autopilot.yaml").read_text())["models"]["fraud"]["monitor"]["labels"]
    assert labels == {
        "source": "labels",
        "id": "prediction_id",
        "label": "is_fraud",
        "timestamp": "labelled_at",
        "delay": "3d",
    }
    assert "100% of its newest labels belong to a row of the log" in said["proposed"]["labels.source"]["because"]


def test_files_of_labels_that_do_not_belong_to_the_log_are_left_alone(tmp_path):
    log = parquet(tmp_path / "predictions.parquet", without(rows(), "is_fraud"))
    others = [{**row, "prediction_id": "x" + row["prediction_id"]} for row in labels_of(rows(), DAY)]
    parquet(tmp_path / "labels.parquet", others)
    entry = proposed(log)
    assert "labels" not in entry["monitor"]
    assert "no labels yet" in entry["said"]["text"] or "labels.label" in entry["said"]["text"]


def test_without_labels_the_file_says_what_is_missing(tmp_path):
    entry = proposed(parquet(tmp_path / "log.parquet", without(rows(), "is_fraud")))
    assert "labels" not in entry["monitor"]
    text = (tmp_path / "autopilot.yaml").read_text("utf-8")
    assert "Without labels nobody can tell how good the model is" in text
    assert "is_new_customer may be it" in " ".join(text.replace("#", " ").split())


def test_a_person_may_say_where_labels_are(tmp_path):
    found = rows()
    log = parquet(tmp_path / "log.parquet", without(found, "is_fraud"))
    elsewhere = parquet(tmp_path / "far" / "truths.parquet", labels_of(found, DAY))
    asker = Answers("none of them", str(elsewhere))
    assert proposed(log, asker)["monitor"]["labels"]["source"] == "far/truths.parquet"
    assert [question for question in asker.asked if "labels" in question]


def test_a_person_may_take_a_column_that_only_might_be_the_label(tmp_path):
    log = parquet(tmp_path / "log.parquet", without(rows(), "is_fraud"))
    assert proposed(log, Answers("is_new_customer"))["monitor"]["labels"]["label"] == "is_new_customer"


def test_a_person_who_names_wrong_labels_is_told(tmp_path):
    log = parquet(tmp_path / "log.parquet", without(rows(), "is_fraud"))
    other = parquet(tmp_path / "far" / "truths.parquet", [{"prediction_id": "z1", "is_fraud": 0}] * 2)
    with pytest.raises(Misconfigured, match="no column"):
        proposed(log, Answers("none of them", str(other)))
    assert not (tmp_path / "autopilot.yaml").exists()


def test_nothing_is_asked_that_can_be_seen(tmp_path):
    asker = Answers()
    proposed(parquet(tmp_path / "log.parquet", rows()), asker)
    assert asker.asked == ["The command that trains, as you would type it"]


def test_two_columns_that_fit_alike_are_asked_about(tmp_path):
    both = [{**row, "fraud_score": row["score"] / 2, "risk_score": row["score"] / 3} for row in rows()]
    log = parquet(tmp_path / "log.parquet", without(both, "score"))
    asker = Answers("risk_score")
    assert proposed(log, asker)["monitor"]["prediction"] == "risk_score"
    assert asker.asked[0] == "Which column is the model's score?"
    entry = proposed(log, out="silent.yaml")
    assert entry["monitor"]["prediction"] == "fraud_score"
    assert entry["said"]["proposed"]["prediction"]["check"]
    assert "risk_score would fit as well" in entry["said"]["proposed"]["prediction"]["because"]


def test_text_labels_name_the_positive_one(tmp_path):
    words = [{**row, "outcome": "bad" if row["is_fraud"] else "good"} for row in rows()]
    entry = proposed(parquet(tmp_path / "log.parquet", without(words, "is_fraud")))
    assert entry["monitor"]["labels"]["label"] == "outcome"
    assert entry["monitor"]["score"]["positive"] == "bad"


def test_a_decision_made_from_the_score_is_no_label(tmp_path):
    decided = [{**row, "default": int(row["score"] > 0.5)} for row in without(rows(), "is_fraud")]
    entry = proposed(parquet(tmp_path / "log.parquet", decided))
    assert "labels" not in entry["monitor"]


def test_late_labels_in_the_log_make_a_delay(tmp_path):
    last = START + 30 * DAY
    late = [{**row, "is_fraud": row["is_fraud"] if row["event_time"] < last - 5 * DAY else None} for row in rows()]
    entry = proposed(parquet(tmp_path / "log.parquet", late))
    assert entry["monitor"]["labels"]["delay"] == "5d"


def test_a_score_that_knows_nothing_of_the_label_is_doubted(tmp_path):
    blind = [{**row, "score": (number * 0.618) % 1} for number, row in enumerate(rows())]
    found = proposed(parquet(tmp_path / "log.parquet", blind))["said"]["proposed"]["labels.label"]
    assert found["check"]
    assert "hardly tells them apart" in found["because"]


def test_a_score_that_points_the_wrong_way_is_doubted(tmp_path):
    turned = [{**row, "score": 1 - row["score"]} for row in rows()]
    found = proposed(parquet(tmp_path / "log.parquet", turned))["said"]["proposed"]["labels.label"]
    assert found["check"]
    assert "(AUC 0.1" in found["because"]


def test_times_without_a_zone_are_said_to_be_taken_as_utc(tmp_path):
    naive = [{**row, "event_time": row["event_time"].replace(tzinfo=None)} for row in rows()]
    found = proposed(parquet(tmp_path / "log.parquet", naive))["said"]["proposed"]["timestamp"]
    assert found["check"]
    assert "taken as UTC" in found["because"]


def test_weird_names_survive(tmp_path):
    names = ["a: b", "#hash", "yes", "ünï", 'quote"d', "two  spaces", "new\nline", "- dash", "{x}", "$model", "null"]
    odd = [{**row, **{name: number % 7 for name in names}} for number, row in enumerate(rows())]
    entry = proposed(parquet(tmp_path / "log.parquet", odd))
    assert set(names) <= set(entry["monitor"]["features"])


def test_columns_of_no_use_are_left_out(tmp_path):
    odd = [{**row, "nothing": None, "list": [1, 2], "seen_at": row["event_time"]} for row in rows()]
    entry = proposed(parquet(tmp_path / "log.parquet", odd))
    assert not {"nothing", "list", "seen_at"} & set(entry["monitor"]["features"])


@pytest.mark.parametrize(("a_day", "days", "window"), [(500, 4, "1d"), (60, 30, "7d"), (24 * 25_000, 1, "1h")])
def test_a_window_holds_enough_rows_and_not_too_many(tmp_path, a_day, days, window):
    # The rows of a busy day are those of one of its hours.
    shorter = 24 if a_day > 20_000 else 1
    packed = [
        {**row, "event_time": START + (row["event_time"] - START) / shorter} for row in rows(days, a_day // shorter)
    ]
    assert proposed(parquet(tmp_path / "log.parquet", packed))["monitor"]["window"] == window


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (without(rows(2), "event_time"), "no column holds times"),
        (without(rows(2), "score"), "no column holds numbers from 0 to 1"),
        (
            [
                {"event_time": row["event_time"], "score": row["score"], "prediction_id": row["prediction_id"]}
                for row in rows(2)
            ],
            "no column is left that could be a feature",
        ),
    ],
)
def test_what_every_log_needs(tmp_path, found, problem):
    log = parquet(tmp_path / "log.parquet", found)
    with pytest.raises(Misconfigured, match=problem):
        proposed(log)
    assert not (tmp_path / "autopilot.yaml").exists()


def test_empty_and_missing_logs(tmp_path):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "head.csv").write_text("a,b\n")
    parquet(tmp_path / "none.parquet", [])
    for name, problem in (
        ("empty.csv", "nothing|no Parquet"),
        ("head.csv", "hold no rows"),
        ("nowhere.csv", "no Parquet"),
    ):
        with pytest.raises(Misconfigured, match=problem):
            proposed(tmp_path / name)
    with pytest.raises(Misconfigured):
        proposed(tmp_path / "none.parquet")


def test_a_log_of_another_kind(tmp_path):
    (tmp_path / "log.txt").write_text("hello")
    with pytest.raises(Misconfigured, match="neither Parquet nor CSV"):
        proposed(tmp_path / "log.txt")


def test_an_existing_file_is_never_overwritten(tmp_path):
    out = tmp_path / "autopilot.yaml"
    out.write_text("mine")
    with pytest.raises(Misconfigured, match="exists already") as caught:
        write(None, None, str(out), ask=False)
    assert "--out" in caught.value.hint
    assert out.read_text() == "mine"


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "autopilot.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured, match="exists already"):
        write(None, None, str(tmp_path / "autopilot.yaml"), ask=False)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(Misconfigured, match="no folder"):
        write(None, None, str(tmp_path / "nowhere" / "autopilot.yaml"), ask=False)


def test_the_template_is_read_and_says_what_to_change(tmp_path):
    said = write(None, None, str(tmp_path / "autopilot.yaml"), ask=True)
    assert sorted(spec.read(tmp_path / "autopilot.yaml").models) == ["my-model"]
    assert (tmp_path / "autopilot.yaml").read_text().count("CHECK") >= 15
    assert "change every line marked CHECK" in said["text"]


@pytest.mark.parametrize("name", ["a b", "../x", "-x", "x" * 200])
def test_a_name_that_the_file_could_not_hold(tmp_path, name):
    with pytest.raises(Misconfigured, match="cannot be a model's name"):
        write_with(Answers(name), str(parquet(tmp_path / "log.parquet", rows(2))), None, tmp_path / "a.yaml")
    assert not (tmp_path / "a.yaml").exists()


@pytest.mark.parametrize(
    ("log", "name"), [("fraud/predictions/x.parquet", "x"), ("churn/predictions", "churn"), ("churn/log", "churn")]
)
def test_the_name_comes_from_the_log(tmp_path, log, name):
    path = parquet(tmp_path / (log if log.endswith("parquet") else f"{log}/data.parquet"), rows(2))
    asked = path if log.endswith("parquet") else tmp_path / log
    asker = Answers()
    write_with(asker, str(asked), None, tmp_path / "autopilot.yaml")
    assert list(yaml.safe_load((tmp_path / "autopilot.yaml").read_text())["models"]) == [name]
    assert asker.asked[0] == "The model's name"


@pytest.mark.parametrize(
    ("text", "name"), [("ana", "ana"), ("CORP\\ana b", "CORP-ana-b"), ("uid 1000", "uid-1000"), ("ü", "me"), ("", "me")]
)
def test_the_person_is_a_name_of_the_file(text, name):
    assert name_from(text, "me") == name


@pytest.mark.parametrize(
    ("time", "written"),
    [(timedelta(0), "1h"), (timedelta(minutes=61), "2h"), (timedelta(hours=13), "1d"), (2.1 * DAY, "3d")],
)
def test_durations_are_rounded_up(time, written):
    assert duration(time) == written
