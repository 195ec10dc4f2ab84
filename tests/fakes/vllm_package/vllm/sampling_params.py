"""The name that TRL imports."""


class StructuredOutputsParams:
    """A grammar for replies: never made."""
