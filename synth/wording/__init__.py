"""Our grammar of English: what users ask for and agents answer, from what a plan is about."""
