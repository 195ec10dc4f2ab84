"""tau-bench v1 (airline, retail), from the files of its repository: what tau2 grew out of."""
