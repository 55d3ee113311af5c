"""The parts of bench_fleet: a fleet with its logs and its past, its checks, its runs through workers, its memory."""
