"""Drills: short tasks in freshly made worlds, from which a small model learns to use tools."""
