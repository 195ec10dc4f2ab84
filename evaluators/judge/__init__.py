"""Why an episode failed: error categories, blame, verdicts on intents, and the judge's own quality.

Everything here reads a `Case`; no module knows a benchmark. VULCAN's Tables 8 and 9 are the
vocabulary; rules decide what can be decided, a model is asked only about the rest.
"""
