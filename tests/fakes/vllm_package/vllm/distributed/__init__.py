"""Like vllm.distributed."""
