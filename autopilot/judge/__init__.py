"""The shipped policy over a pipe: one stream, JSON lines, rows in Parquet files; the same functions as a live run."""
