"""Like vllm.distributed.weight_transfer."""
