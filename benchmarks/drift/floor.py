"""The floor, in a process of its own: decode the same columns of the same day and do nothing with them.

    python -m benchmarks.drift.floor FILE

Texts are left in their dictionaries and no threads are used: what the fastest reader of the log must pay.
"""

import json
import sys
import time

import pyarrow.parquet as pq

from benchmarks.drift.workload import CATEGORICAL, COLUMNS

BATCH_ROWS = 65_536


def main() -> None:
    """Decode, and print the rows and the CPU seconds of decoding alone."""
    began, rows = time.process_time(), 0
    with pq.ParquetFile(sys.argv[1], read_dictionary=list(CATEGORICAL), pre_buffer=False) as opened:
        for batch in opened.iter_batches(BATCH_ROWS, columns=list(COLUMNS), use_threads=False):
            rows += len(batch)
    print(json.dumps({"rows": rows, "decode_cpu_s": time.process_time() - began}))


if __name__ == "__main__":
    main()
