"""What every Pipeline promises, kept by a real Airflow: the suite of the port, as it is."""

from tests.conformance import test_pipeline as suite

globals().update({name: test for name, test in vars(suite).items() if name.startswith("test_")})
