"""Stands in for vLLM 0.30 in a trainer's process: the names that TRL imports, and a transport.

Put this folder on PYTHONPATH. Tensors go over a TCP connection instead of NCCL, which needs CUDA:
`tests.fakes.rollout_server` is the other end.
"""

__version__ = "0.30.0"


class LLM:
    """An engine in this process: never made."""


class RequestOutput:
    """What such an engine returns."""


class SamplingParams:
    """How it samples."""
