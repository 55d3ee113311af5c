"""Systems that run a training job: one file each, behind the port graph.ports.Pipeline."""
