"""Like vllm.utils."""
