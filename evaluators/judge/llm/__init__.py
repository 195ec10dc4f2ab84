"""The judge model: asked only what rules leave open, and believed only where it can be checked."""
