"""Our own worlds over tau2-bench data: same outputs, errors and state changes."""
