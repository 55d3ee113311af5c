"""The model registry: MLflow behind the port `Registry`, and the rights that its logins have."""
