"""Property tests repeat themselves: same examples on every machine, however busy it is."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
