"""A vLLM server that we start, talk to and stop."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.models.checkpoints import expand, find_program, is_missing, lora_rank
from harness.models.gpus import count_gpus, lacks_gpus
from harness.models.openai import OpenAIModel
from harness.models.process import Server, free_port
from harness.types import Message, ToolSpec


@dataclass(kw_only=True, eq=False)
class VllmModel:
    """Local weights behind `vllm serve`. Every argument is described in conf/model/vllm.yaml.

    The server starts with `open()` or the first call and belongs to this object; several of them
    run side by side on different GPUs.
    """

    model: str
    adapters: Mapping[str, str] = field(default_factory=dict)
    served_name: str | None = None
    gpus: Sequence[int | str] | None = None
    tensor_parallel: int = 1
    data_parallel: int = 1
    gpu_memory: float = 0.9
    needs_gpu: bool = True
    dtype: str = "auto"
    max_model_len: int | None = None
    tool_format: str = "native"
    tool_parser: str | None = "hermes"
    reasoning_parser: str | None = None
    thinking: bool | None = None
    chat_template: str | None = None
    generation_config: str = "auto"
    extra_args: Sequence[str] = ()
    executable: Sequence[str] = ("vllm", "serve")
    env: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    log_dir: str | None = None
    start_timeout_s: float = 1800.0
    sampling: Mapping[str, Any] = field(default_factory=dict)
    price: Mapping[str, float] | None = None
    timeout_s: float = 1800.0
    retries: int = 3
    connections: int = 512
    show_reasoning: bool = False

    def __post_init__(self) -> None:
        if self.tool_format == "native" and not self.tool_parser:
            raise UserMistake(
                "tool_format=native needs a tool_parser (hermes for Qwen), or set "
                "tool_format=python_list or hermes"
            )
        self._server: Server | None = None
        self._client: OpenAIModel | None = None
        self._opening = asyncio.Lock()
        self.client("http://127.0.0.1:1/v1")

    @property
    def name(self) -> str:
        """The name that requests ask for: the first adapter's, else the model's."""
        return next(iter(self.adapters), self.served_name or self.model)

    def command(self, port: int | str = "PORT") -> list[str]:
        """Return the command line of the server."""
        return [
            *self.executable,
            expand(self.model),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--served-model-name", self.served_name or self.model),
            *("--tensor-parallel-size", str(self.tensor_parallel)),
            *("--data-parallel-size", str(self.data_parallel)),
            *("--gpu-memory-utilization", str(self.gpu_memory)),
            *("--dtype", self.dtype),
            *("--generation-config", self.generation_config),
            *option("--max-model-len", self.max_model_len),
            *option("--chat-template", self.chat_template),
            *option("--reasoning-parser", self.reasoning_parser),
            *self.tool_options(),
            *self.lora_options(),
            *("--enable-prompt-tokens-details", "--disable-uvicorn-access-log"),
            *map(str, self.extra_args),
        ]

    def tool_options(self) -> list[str]:
        if self.tool_format != "native":
            return []
        return ["--enable-auto-tool-choice", "--tool-call-parser", str(self.tool_parser)]

    def lora_options(self) -> list[str]:
        """Name every adapter; the rank that the server must allow is read from their files."""
        if not self.adapters:
            return []
        rank = max(map(lora_rank, self.adapters.values()))
        modules = [f"{name}={expand(path)}" for name, path in self.adapters.items()]
        return ["--enable-lora", "--max-lora-rank", str(rank), "--lora-modules", *modules]

    def environment(self) -> dict[str, str]:
        """Return what is added to the server's environment."""
        chosen = (
            {} if self.gpus is None else {"CUDA_VISIBLE_DEVICES": ",".join(map(str, self.gpus))}
        )
        return {**chosen, **{key: str(value) for key, value in self.env.items()}}

    def client(self, base_url: str) -> OpenAIModel:
        """Build the client that talks to the server at `base_url`."""
        sampling = dict(self.sampling)
        if self.thinking is not None:
            template = dict(sampling.get("chat_template_kwargs") or {})
            sampling["chat_template_kwargs"] = {"enable_thinking": self.thinking, **template}
        return OpenAIModel(
            model=self.name,
            base_url=base_url,
            api_key_env=None,
            tool_format=self.tool_format,
            sampling=sampling,
            price=self.price,
            timeout_s=self.timeout_s,
            retries=self.retries,
            connections=self.connections,
            show_reasoning=self.show_reasoning,
            safe_names=False,
            stopped=self.gone,
        )

    def gone(self) -> str | None:
        return self._server.gone() if self._server is not None else None

    async def open(self) -> None:
        """Start the server unless it runs. Raises UserMistake or ModelFault in one line."""
        async with self._opening:
            if self._client is not None:
                return
            self.check()
            port = self.port or free_port()
            command = self.command(port)
            server = Server(
                [find_program(command[0]) or command[0], *command[1:]],
                {**os.environ, **self.environment()},
                self.log_path(port),
                f"http://127.0.0.1:{port}/health",
            )
            await server.start(self.start_timeout_s)
            self._server = server
            self._client = self.client(f"http://127.0.0.1:{port}/v1")

    def log_path(self, port: int) -> Path:
        folder = Path(self.log_dir or Path(tempfile.gettempdir()) / f"harness-{os.getuid()}")
        safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in self.name)
        return folder / f"vllm-{safe.strip('._')[-60:]}-{port}.log"

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        """Ask the server, started if need be, for one reply."""
        if self._client is None:
            await self.open()
        assert self._client is not None
        return await self._client.generate(chat, tools, **sampling)

    async def aclose(self) -> None:
        """Stop the server and its whole process group."""
        client, self._client = self._client, None
        server, self._server = self._server, None
        if client is not None:
            await client.aclose()
        if server is not None:
            await asyncio.shield(asyncio.to_thread(server.stop))

    def describe(self) -> dict[str, Any]:
        """Say what a manifest must record."""
        about = self.client("http://127.0.0.1:1/v1").describe()
        del about["base_url"]
        return {
            **about,
            "kind": "vllm",
            "endpoint": "own server",
            "weights": self.model,
            "adapters": dict(self.adapters),
            "command": shlex.join(self.command()),
        }

    def lacks(self) -> list[str]:
        """List in one line each what is missing to start the server."""
        lines: list[str] = []
        if self.needs_gpu:
            needed = self.tensor_parallel * self.data_parallel
            lines += filter(None, [lacks_gpus(self.gpus, needed, count_gpus())])
        if find_program(self.executable[0]) is None:
            lines.append(
                f"{self.executable[0]!r} is not installed here: install vllm in an environment of "
                "its own and give its path in executable=[…/bin/vllm,serve]"
            )
        paths = [self.model, *self.adapters.values()]
        return lines + [f"there is nothing at {path}" for path in paths if is_missing(path)]

    def plan(self) -> dict[str, Any]:
        """Say what would run, without starting anything: the command, its environment, gaps."""
        lacks = self.lacks()
        gaps = {"missing": lacks} if lacks else {}
        return {**self.describe(), "environment": self.environment(), **gaps}

    def check(self) -> None:
        """Raise UserMistake where anything is missing."""
        if lacks := self.lacks():
            raise UserMistake("; ".join(lacks))


def option(flag: str, value: Any) -> tuple[str, ...]:
    return () if value is None else (flag, str(value))
