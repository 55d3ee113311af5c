"""The finished product from outside: the command line on a real database, a real MLflow and real training jobs."""
