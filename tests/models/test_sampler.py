"""Drawing tokens: each row from its own distribution and its own stream, whoever is beside it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.models.sampler import RowSampler, Sampling

torch = pytest.importorskip("torch")
LOGITS = [2.0, 1.0, 0.0, -1.0, -30.0]


def tokens(rows: list[Sampling], steps: int) -> tuple[list[list[int]], RowSampler]:
    """Draw `steps` tokens for every row from the same logits; returns ids per row."""
    sampler = RowSampler(rows, "cpu")
    scores = torch.tensor([LOGITS] * len(rows))
    chosen = [sampler(None, scores).argmax(-1) for _ in range(steps)]
    return torch.stack(chosen, 1).tolist(), sampler


def row(seed: int, **settings: Any) -> Sampling:
    return Sampling(**{"temperature": 1.0, "max_tokens": 4000, "seed": seed, **settings})


def test_tokens_come_as_often_as_they_are_likely() -> None:
    (ids,), _ = tokens([row(1)], 4000)
    shares = [ids.count(token) / len(ids) for token in range(5)]
    wanted = torch.softmax(torch.tensor(LOGITS), 0).tolist()
    assert shares == pytest.approx(wanted, abs=0.03)
    (cool,), _ = tokens([row(1, temperature=0.5)], 4000)
    assert cool.count(0) > ids.count(0) + 500


def test_a_row_draws_the_same_alone_and_in_company_and_other_seeds_draw_otherwise() -> None:
    (alone,), _ = tokens([row(7)], 50)
    company, _ = tokens([row(1, temperature=0.3), row(7), row(8, top_k=2)], 50)
    assert company[1] == alone
    assert company[2] != alone


def test_what_top_k_and_top_p_leave_out_is_never_drawn() -> None:
    rows = [row(1, top_k=2), row(2, top_p=0.5), row(3), row(4, temperature=0.0)]
    ids, _ = tokens(rows, 500)
    assert set(ids[0]) == {0, 1}
    assert set(ids[1]) == {0}
    assert set(ids[2]) >= {0, 1, 2, 3}
    assert set(ids[3]) == {0}


def test_logprobs_are_those_of_the_distribution_that_was_drawn_from() -> None:
    rows = [row(5), row(5, temperature=2.0), row(6, top_k=2), row(1, temperature=0.0)]
    ids, sampler = tokens(rows, 20)
    plain = torch.log_softmax(torch.tensor(LOGITS), 0)
    warm = torch.log_softmax(torch.tensor(LOGITS) / 2, 0)
    two = torch.log_softmax(torch.tensor(LOGITS[:2]), 0)
    for number, table in enumerate((plain, warm, two, plain)):
        said = [float(table[token]) for token in ids[number]]
        assert sampler.logprobs[number] == pytest.approx(said, abs=1e-5)


def test_nothing_was_drawn_yet() -> None:
    assert RowSampler([row(1), row(2)], "cpu").logprobs == [[], []]
