"""How good is the judge? Planted errors with known labels, and the figures that follow."""
