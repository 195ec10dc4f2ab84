"""A rollout server on the CPU that speaks vLLM's protocol, with a real model behind it.

`python -m tests.fakes.rollout_server CHECKPOINT PORT RECORD [deaf|dumb|bare|raw]` writes a line per
request to RECORD. It samples by itself, token by token, and takes new weights over TCP.
deaf: takes weights and forgets them; dumb: fails at the second update; bare: has no development
endpoints; raw: gives logprobs of the unscaled distribution.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch


class Engine:
    """The weights, and what is being done to them."""

    def __init__(self, checkpoint: str, mood: str) -> None:
        from transformers import AutoModelForCausalLM

        self.network: Any = AutoModelForCausalLM.from_pretrained(checkpoint).float().eval()
        self.stops = {int(self.network.generation_config.eos_token_id)}
        self.longest = int(self.network.config.max_position_embeddings)
        self.mood = mood
        self.lock = threading.Lock()
        self.updating = False
        self.updates = 0
        self.line: socket.socket | None = None

    def connect(self, info: dict[str, Any]) -> None:
        if info["world_size"] != 2 or info["rank_offset"] != 1 or not info["packed"]:
            raise ValueError(f"unexpected rendezvous {info}")
        for _ in range(100):
            try:
                self.line = socket.create_connection((info["master_address"], info["master_port"]))
                return
            except ConnectionRefusedError:
                threading.Event().wait(0.1)
        raise ConnectionError("the trainer did not come")

    def take(self, info: dict[str, Any]) -> None:
        """Receive the announced tensors and put them in place."""
        if not self.updating or self.line is None:
            raise RuntimeError("weights came outside an update")
        self.updates += 1
        if self.mood == "dumb" and self.updates == 2:
            raise RuntimeError("NCCL error: unhandled system error")
        own = self.network.state_dict()
        for name, dtype, shape in zip(
            info["names"], info["dtype_names"], info["shapes"], strict=True
        ):
            empty = torch.empty(shape, dtype=getattr(torch, dtype))
            data = receive(self.line, empty.numel() * empty.element_size())
            tensor = torch.frombuffer(data, dtype=empty.dtype).reshape(shape)
            if own[name].shape != tensor.shape:
                raise ValueError(f"{name} has another shape")
            if self.mood != "deaf":
                own[name].copy_(tensor)

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sample a reply as vLLM does; a stop id is part of it."""
        if self.updating:
            raise RuntimeError("asked to sample while weights are changing")
        prompt = body["prompt"]
        if len(prompt) + body["max_tokens"] > self.longest:
            raise ValueError(f"This model's maximum context length is {self.longest} tokens")
        scale = body["temperature"]
        draw = torch.Generator().manual_seed(body["seed"])
        stops = self.stops | set(body["stop_token_ids"])
        ids: list[int] = []
        logprobs: list[float] = []
        while len(ids) < body["max_tokens"] and not (ids and ids[-1] in stops):
            with torch.inference_mode():
                logits_V = self.network(torch.tensor([[*prompt, *ids]])).logits[0, -1]  # noqa: N806
            chosen = int(torch.multinomial((logits_V / scale).softmax(-1), 1, generator=draw))
            given = logits_V if self.mood == "raw" else logits_V / scale
            ids.append(chosen)
            logprobs.append(float(given.log_softmax(-1)[chosen]))
        choice = {
            "index": 0,
            "token_ids": ids,
            "prompt_token_ids": prompt,
            "logprobs": {"tokens": [f"token_id:{i}" for i in ids], "token_logprobs": logprobs},
            "finish_reason": "stop" if ids[-1] in stops else "length",
        }
        return {"choices": [choice]}


def receive(line: socket.socket, size: int) -> bytearray:
    data = bytearray()
    while len(data) < size:
        if not (piece := line.recv(size - len(data))):
            raise ConnectionError("the trainer went away")
        data += piece
    return data


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together
    engine: Engine
    record: Path
    writing = threading.Lock()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        about = {
            "weight_transfer_config": {"backend": "nccl"},
            "model_config": {
                "logprobs_mode": f"{'raw' if self.engine.mood == 'raw' else 'processed'}_logprobs"
            },
        }
        found: dict[str, Any] = {
            "/health": {},
            "/v1/models": {"data": [{"id": "policy", "max_model_len": self.engine.longest}]},
            "/server_info": {"vllm_config": about},
            "/get_world_size": {"world_size": 1},
        }
        if self.engine.mood == "bare":
            del found["/server_info"], found["/get_world_size"]
        self.answer(200 if path in found else 404, found.get(path, {"error": path}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        engine = self.engine
        try:
            with engine.lock:
                result = self.serve(engine, body)
        except (RuntimeError, ConnectionError) as error:
            self.note(error=str(error))
            return self.answer(501, {"error": {"message": str(error)}})
        except ValueError as error:
            return self.answer(400, {"error": {"message": str(error)}})
        self.note(
            tokens=len(body.get("prompt", ())),
            names=len(body.get("update_info", {}).get("names", ())),
        )
        return self.answer(200, result)

    def serve(self, engine: Engine, body: dict[str, Any]) -> dict[str, Any]:
        if self.path == "/v1/completions":
            return engine.complete(body)
        if self.path == "/init_weight_transfer_engine":
            engine.connect(body["init_info"])
        elif self.path == "/start_weight_update":
            engine.updating = True
        elif self.path == "/update_weights":
            engine.take(body["update_info"])
        elif self.path == "/finish_weight_update":
            engine.updating = False
        elif self.path != "/reset_prefix_cache":
            raise ValueError(f"unknown path {self.path}")
        return {"success": True}

    def note(self, **about: Any) -> None:
        with self.writing, self.record.open("a") as file:
            file.write(json.dumps({"path": self.path, **about}) + "\n")

    def answer(self, status: int, data: dict[str, Any]) -> None:
        text = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


def main(checkpoint: str, port: str, record: str, mood: str = "") -> None:
    torch.set_num_threads(1)
    Handler.engine, Handler.record = Engine(checkpoint, mood), Path(record)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
