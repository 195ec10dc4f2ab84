"""A random Qwen3-architecture model of 30,000 parameters and its tokenizer, built in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TAGS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<tools>", "</tools>"]
TEMPLATE = """\
{%- set start = '<|im_start|>' -%}{%- set end = '<|im_end|>\\n' -%}
{%- if tools -%}
{{- start + 'system\\n' + (messages[0].content if messages[0].role == 'system' else '') -}}
{%- for tool in tools -%}{{- '\\n' + (tool.function | tojson) -}}{%- endfor -%}{{- end -}}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'assistant' -%}
{{- start + 'assistant\\n' + message.content -}}
{%- for call in message.tool_calls or [] -%}
{{- '\\n<tool_call>\\n' + (call.function | tojson) + '\\n</tool_call>' -}}
{%- endfor -%}
{{- end -}}
{%- elif message.role == 'tool' -%}
{{- start + 'user\\n<tool_response>\\n' + message.content + '\\n</tool_response>' + end -}}
{%- elif message.role == 'user' or not tools -%}
{{- start + message.role + '\\n' + message.content + end -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- start + 'assistant\\n' -}}{%- endif -%}"""
PLAIN = TEMPLATE.replace("if tools", "if false").replace("or not tools", "or true")
FORGETFUL = TEMPLATE.replace(
    "+ 'assistant\\n' + message.content",
    "+ 'assistant\\n' + ('<think></think>' if loop.last else '') + message.content",
)


def make_tokenizer(template: str = TEMPLATE) -> Any:
    """Build a byte-level tokenizer without merges; the tool tags are tokens, but not special."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {token: number for number, token in enumerate([*specials, *alphabet])}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens(specials)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in TAGS])
    tokenizer.chat_template = template
    return tokenizer


def make_network(tokenizer: Any, positions: int = 4096) -> Any:
    """Build a random Qwen3 model that ends its replies now and then."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        intermediate_size=64,
        max_position_embeddings=positions,
        tie_word_embeddings=True,
        initializer_range=0.3,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    return Qwen3ForCausalLM(config).eval()


def save(folder: Path, template: str = TEMPLATE) -> str:
    """Write a checkpoint as transformers reads it, and return its path."""
    tokenizer = make_tokenizer(template)
    make_network(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
