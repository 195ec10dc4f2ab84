"""A model small enough to train on a laptop: Qwen3 architecture, own tokenizer, no weights shipped.

`save_fresh(folder, texts)` writes an untrained checkpoint that every other part of the harness
can load (`model=transformers model.model=FOLDER`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.template import TEMPLATE

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TAGS = ("<tool_call>", "</tool_call>", "<tools>", "</tools>", "<think>", "</think>")
ROLES = ("system\n", "user\n", "assistant\n", "tool\n")
# A word is cut the same way wherever it occurs: digits, _ and a closing s stand alone, a capital is
# the small letter after a mark.
PIECES = r"\d|[a-z]+?(?=s(?![a-z]))|s(?![a-z])|[a-z]+|_|\x0e|[^a-z0-9_\x0e]+"
CAPITAL = "\x0e"


@dataclass(frozen=True)
class Shape:
    """The size of a model. The default has about 0.72 million parameters."""

    vocabulary: int = 1024
    hidden: int = 128
    layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 32
    positions: int = 4096
    spread: float = 0.08  # standard deviation of initial weights
    sharpness: float = 1.5  # initial gain of the query and key norms
    theta: float = 10000.0  # base of the rotary positions


def make_tokenizer(texts: Iterable[str], size: int = 1024) -> Any:
    """Train a byte-level BPE tokenizer of `size` entries on texts; it can encode any text.

    The tool tags are tokens of their own but not special, so they survive decoding. A capital is
    written as `CAPITAL` and the small letter: only texts that hold this control character decode
    to another text.
    """
    from string import ascii_uppercase

    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.normalizer = normalizers.Sequence(
        [normalizers.Replace(letter, CAPITAL + letter.lower()) for letter in ascii_uppercase]
    )
    split = pre_tokenizers.Split(Regex(PIECES), "isolated")
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.pre_tokenizer = pre_tokenizers.Sequence([split, to_bytes])
    capitals = [decoders.Replace(CAPITAL + letter.lower(), letter) for letter in ascii_uppercase]
    core.decoder = decoders.Sequence([decoders.ByteLevel(), *capitals])
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(TAGS) - len(ROLES),
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    core.train_from_iterator((without_tags(text) for text in texts), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=SPECIAL[2], pad_token=SPECIAL[0]
    )
    added = [AddedToken(text, special=False, normalized=False) for text in (*TAGS, *ROLES)]
    tokenizer.add_tokens(added)
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def without_tags(text: str) -> str:
    """Blank the tags, so that no merge crosses them."""
    for tag in (*SPECIAL, *TAGS):
        text = text.replace(tag, " ")
    return text


def make_model(tokenizer: Any, shape: Shape = Shape(), seed: int = 0) -> Any:
    """Build an untrained Qwen3 model whose first heads look one and two tokens back."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        intermediate_size=shape.hidden * 3,
        max_position_embeddings=shape.positions,
        tie_word_embeddings=True,
        initializer_range=shape.spread,
        rope_parameters={"rope_type": "default", "rope_theta": shape.theta},
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config)
    for name, weight in model.named_parameters():
        if name.endswith(("q_norm.weight", "k_norm.weight")):
            weight.data.fill_(shape.sharpness)
    look_back(model, shape)
    return model


def look_back(model: Any, shape: Shape, pairs: int = 4) -> None:
    """Start the heads of layer 0's first group on the tokens just before (1, 2, … back).

    One embedding dimension is constant; queries and keys read it with rotary phases that agree
    at the wanted distance. Copying words, which tool use is made of, is then learnt in seconds.
    """
    import torch

    half = shape.head_dim // 2
    speeds = [shape.theta ** (-i / half) for i in range(pairs)]
    group = shape.heads // shape.kv_heads
    attention = model.model.layers[0].self_attn
    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] = 4 * shape.spread
        attention.k_proj.weight[: shape.head_dim] *= 0.1
        attention.q_proj.weight[: group * shape.head_dim] *= 0.1
        for i, speed in enumerate(speeds):
            attention.k_proj.weight[i, 0] = 0.3
            for head in range(group):
                start, angle = head * shape.head_dim, speed * (head + 1)
                attention.q_proj.weight[start + i, 0] = 0.3 * math.cos(angle)
                attention.q_proj.weight[start + i + half, 0] = -0.3 * math.sin(angle)


def warm_up(model: Any, steps: int = 300, seed: int = 0, lr: float = 3e-3) -> float:
    """Teach copying on random tokens that repeat; return the accuracy on the last batch."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.95), weight_decay=0.01)
    model.train()
    accuracy = 0.0
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = lr * min(1.0, (step + 1) / 50)
        ids_B_T, known_B_T = repeats(model.config.vocab_size, draw)  # noqa: N806
        hidden = model.model(input_ids=ids_B_T).last_hidden_state[:, :-1][known_B_T[:, 1:]]
        logits, targets = model.lm_head(hidden), ids_B_T[:, 1:][known_B_T[:, 1:]]
        loss = torch.nn.functional.cross_entropy(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        accuracy = float((logits.argmax(-1) == targets).float().mean())
    return accuracy


def repeats(vocabulary: int, draw: Any, rows: int = 64, length: int = 48) -> tuple[Any, Any]:
    """Draw rows of random ids in which one chunk occurs again and again.

    Returns ids_B_T and a mask_B_T of the ids that what came before determines.
    """
    import torch

    def integer(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=draw))

    ids_B_T = torch.randint(0, vocabulary, (rows, length), generator=draw)  # noqa: N806
    known_B_T = torch.zeros(rows, length, dtype=torch.bool)  # noqa: N806
    for row in range(rows):
        size = integer(4, 12)
        chunk, at = ids_B_T[row, :size].clone(), size + integer(0, 5)
        while at + size <= length:
            ids_B_T[row, at : at + size] = chunk
            known_B_T[row, at + 1 : at + size] = True
            at += size + integer(0, 5)
    return ids_B_T, known_B_T


def save_fresh(
    folder: Path, texts: Iterable[str], shape: Shape = Shape(), seed: int = 0, warm_steps: int = 300
) -> Path:
    """Write an untrained (copy-warmed) checkpoint and its tokenizer as transformers reads them."""
    tokenizer = make_tokenizer(texts, shape.vocabulary)
    model = make_model(tokenizer, shape, seed)
    if warm_steps:
        warm_up(model, warm_steps, seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
