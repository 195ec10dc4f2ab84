from evaluators.bfcl.tasks import benchmark as benchmark
