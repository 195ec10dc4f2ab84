"""From stored episodes to data sets: rows, files, statistics, the card."""
