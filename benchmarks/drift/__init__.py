"""The parts of bench_drift: its workload, our side, the peers, the floor, and how a process is measured."""
