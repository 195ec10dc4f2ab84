"""The policy on rollout servers: token ids in, sampled ids with their logprobs out, over HTTP.

The servers are vLLM's (0.22 to 0.31, as TRL asks for), started as `train.launch` says. Prompts go
as token ids and come back spliced, so nothing sampled is ever tokenised again.
"""

from __future__ import annotations

import json
import math
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.faults import BadReply, ModelFault, UserMistake
from harness.models.address import without_login
from harness.models.endpoint import Endpoint
from harness.models.network import Request, Sampled
from harness.models.refusals import Patience, TooLong
from train.grpo_settings import GrpoSettings

CONNECTIONS = 512


@dataclass(frozen=True)
class Place:
    """A rollout server: where it is, and the name that its model is asked for by."""

    url: str
    model: str


def addresses(settings: GrpoSettings) -> tuple[str, ...]:
    """Return the servers' addresses: the settings', else those in ROLLOUT_URLS (by comma)."""
    given = tuple(settings.servers or ())
    found = given or tuple(filter(None, os.environ.get("ROLLOUT_URLS", "").split(",")))
    if not found:
        raise UserMistake(
            "rollouts=server needs the servers' addresses: give servers=[http://HOST:8000], or "
            "set ROLLOUT_URLS"
        )
    return tuple(url.rstrip("/").removesuffix("/v1") for url in found)


def inspect(url: str, settings: GrpoSettings) -> Place:
    """Ask a server what it serves. Raises UserMistake where it cannot serve this training."""
    served = fetch(url, "/v1/models")["data"][0]
    longest = served.get("max_model_len")
    if longest is not None and longest < settings.context_tokens:
        raise UserMistake(
            f"{url} serves {longest} tokens, context_tokens={settings.context_tokens}: start it "
            f"with --max-model-len {settings.context_tokens}"
        )
    about = fetch(url, "/server_info?config_format=json", "VLLM_SERVER_DEV_MODE=1")["vllm_config"]
    if about["weight_transfer_config"] is None:
        raise UserMistake(
            f"{url} takes no weights: start it with --weight-transfer-config "
            """'{"backend": "nccl"}'"""
        )
    mode = about["model_config"]["logprobs_mode"]
    if mode != "processed_logprobs":
        raise UserMistake(
            f"{url} gives {mode}, which are not those of what was sampled: start it with "
            "--logprobs-mode processed_logprobs"
        )
    return Place(url, str(served["id"]))


def fetch(url: str, path: str, needs: str = "", timeout_s: float = 30.0) -> Any:
    """Get JSON from a server, without a proxy. Raises UserMistake in one line."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + path, timeout=timeout_s) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        error.close()
        hint = f"start it with {needs} in its environment" if needs else "is it a vLLM server?"
        raise UserMistake(
            f"the rollout server {url} answered {error.code} to {path}: {hint}"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise UserMistake(
            f"no answer from the rollout server {without_login(url)} ({reason}): start it first"
        ) from None


class ServerSource:
    """Samples replies on servers, each request on the one with the fewest under way."""

    def __init__(self, places: Sequence[Place], stops: list[int], longest: int, wait_s: float):
        self.stops = stops
        self.longest = longest
        self.busy_s = 0.0
        self.under_way = 0
        self.since = 0.0
        self.places = list(places)
        self.load = [0] * len(places)
        self.endpoints = [endpoint(place, wait_s) for place in places]

    def defaults(self) -> dict[str, Any]:
        """Return nothing: a policy under training says itself how it is sampled."""
        return {}

    async def submit(self, request: Request) -> Sampled:
        """Sample one reply. Raises ModelFault, or BadReply where the context is full."""
        chosen = self.load.index(min(self.load))
        self.load[chosen] += 1
        self.start()
        place = self.places[chosen]
        try:
            data, _ = await self.endpoints[chosen].ask(written(request, place.model, self.stops))
        except TooLong as error:
            raise BadReply(f"the context is full: {error}") from None
        finally:
            self.load[chosen] -= 1
            self.end()
        return read(data, request, place.url)

    def start(self) -> None:
        """Count the seconds in which anything is asked for, however much at once."""
        self.since = self.since if self.under_way else time.perf_counter()
        self.under_way += 1

    def end(self) -> None:
        self.under_way -= 1
        if not self.under_way:
            self.busy_s += time.perf_counter() - self.since

    async def aclose(self) -> None:
        for one in self.endpoints:
            await one.aclose()


def endpoint(place: Place, wait_s: float) -> Endpoint:
    return Endpoint(
        base_url=f"{place.url}/v1",
        model=place.model,
        api_key_env=None,
        timeout_s=wait_s,
        patience=Patience(retries=4, first_s=0.5, longest_s=20.0, rng=random.Random(0)),
        connections=CONNECTIONS,
        path="/completions",
    )


def written(request: Request, model: str, stops: Sequence[int]) -> bytes:
    """Write a request. Every setting is said, or the checkpoint's own would apply."""
    how = request.sampling
    body = {
        "model": model,
        "prompt": list(request.prompt),
        "max_tokens": how.max_tokens,
        "temperature": how.temperature,
        "top_p": how.top_p,
        "top_k": how.top_k,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "seed": how.seed,
        "stop_token_ids": list(stops),
        "logprobs": 0,
        "return_token_ids": True,
        "return_tokens_as_token_ids": True,
    }
    return json.dumps(body).encode()


def read(data: Any, request: Request, url: str) -> Sampled:
    """Read ids and logprobs. Raises ModelFault where they are not those of this request."""
    try:
        choice = data["choices"][0]
        ids = tuple(map(int, choice["token_ids"]))
        logprobs = tuple(map(float, choice["logprobs"]["token_logprobs"]))
        echoed = choice.get("prompt_token_ids")
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ModelFault(
            f"{url} answered without token ids or logprobs ({error!r}): vLLM 0.22 or later gives "
            "them",
            "bad_response",
        ) from None
    if echoed is not None and tuple(echoed) != request.prompt:
        raise ModelFault(f"{url} answered to another prompt than the one sent", "bad_response")
    if not ids or len(ids) != len(logprobs) or not all(map(math.isfinite, logprobs)):
        raise ModelFault(
            f"{url} gave {len(ids)} ids with {sum(map(math.isfinite, logprobs))} logprobs",
            "bad_response",
        )
    return ids, logprobs
