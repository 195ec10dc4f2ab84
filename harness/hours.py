"""GPU hours that a plan shows: floating-point operations over an assumed use of one H100.

An estimate for choosing hardware, not a measurement: a dense model of N parameters takes 2 N
operations per token forwards and 4 N backwards; 2 N more where activations are recomputed.
"""

from __future__ import annotations

PEAK = 989e12  # dense bf16 operations per second of one H100 SXM
TRAINING, READING, WRITING = 0.40, 0.40, 0.04  # shares of it that are used
ASSUMED = (
    f"dense bf16, H100 ({PEAK / 1e12:.0f} TFLOP/s), used to {TRAINING:.0%} in training, "
    f"{READING:.0%} reading prompts, {WRITING:.0%} writing"
)


def training_hours(parameters: float, tokens: float, *, recomputed: bool = False) -> float:
    """Return the GPU hours of one pass over `tokens`, forwards and backwards."""
    return parameters * tokens * (8 if recomputed else 6) / (PEAK * TRAINING) / 3600


def sampling_hours(parameters: float, tokens_in: float, tokens_out: float) -> float:
    """Return the GPU hours of reading prompts, none of them cached, and writing replies."""
    reading, writing = tokens_in / READING, tokens_out / WRITING
    return 2 * parameters * (reading + writing) / PEAK / 3600
