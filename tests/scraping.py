"""What Prometheus reads at /metrics, read by its own library."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.serving import Serving


class Scrape:
    """One scrape: values by name and labels."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """Return one value. AssertionError where it is not there, or not alone."""
        (found,) = [each.value for each in self.samples if each.name == f"autopilot_{name}" and each.labels == labels]
        return float(found)

    def of(self, name: str, label: str) -> dict[str, float]:
        """Return the values of a metric that are not 0, by one of its labels."""
        found = [each for each in self.samples if each.name == f"autopilot_{name}" and each.value]
        return {each.labels[label]: float(each.value) for each in found}

    @property
    def names(self) -> set[str]:
        """The names of samples, as rules and dashboards use them."""
        return {f"{each.name}_total" if each.type == "counter" else each.name for each in self.families}

    @property
    def models(self) -> list[str]:
        """Every model that a label names, once for each series."""
        return [each.labels["model"] for each in self.samples if "model" in each.labels]


def scrape(doors: Serving, person: str = "vera", **headers: str) -> Scrape:
    """Scrape as this person."""
    return Scrape(answered(doors, person, **headers).text)


def answered(doors: Serving, person: str = "vera", **headers: str) -> Any:
    answer = doors.client.get("/metrics", headers={**doors.headers(person), **headers})
    assert answer.status_code == 200, answer.text
    return answer
