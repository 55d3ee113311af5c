"""The world in which a retraining policy is scored: what it costs against doing nothing and against knowing all."""
