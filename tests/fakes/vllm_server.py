"""A process that takes vLLM's command line and serves: `python vllm_server.py serve MODEL …`.

The model's name says how it ends: `crash` fails at start, `silent` never gets healthy, `mortal`
dies at its second request, `stubborn` ignores SIGTERM and has a child that does too.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SWITCHES = [
    "enable-auto-tool-choice",
    "enable-prompt-tokens-details",
    "disable-uvicorn-access-log",
    "enable-lora",
]
VALUES = [
    *("host", "port", "served-model-name", "tensor-parallel-size", "data-parallel-size", "dtype"),
    *("max-model-len", "gpu-memory-utilization", "generation-config", "chat-template", "seed"),
    *("reasoning-parser", "tool-call-parser", "max-lora-rank"),
]


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("verb", choices=["serve"])
    parser.add_argument("model")
    for name in SWITCHES:
        parser.add_argument(f"--{name}", action="store_true")
    for name in VALUES:
        parser.add_argument(f"--{name}")
    parser.add_argument("--lora-modules", nargs="+")
    return parser.parse_args(argv)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model = ""
    served = 0

    def do_GET(self) -> None:
        healthy = self.path == "/health" and self.model != "silent"
        self.answer(200 if healthy else 503, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Handler.served += 1
        if self.model == "mortal" and Handler.served > 1:
            print("RuntimeError: CUDA error: an illegal memory access", flush=True)
            os._exit(13)
        about = {
            "argv": sys.argv[1:],
            "gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "extra": os.environ.get("FAKE_EXTRA"),
            "request": {key: value for key, value in body.items() if key != "messages"},
        }
        message = {"role": "assistant", "content": json.dumps(about)}
        self.answer(200, {"choices": [{"message": message, "finish_reason": "stop"}]})

    def answer(self, status: int, data: dict[str, Any]) -> None:
        text = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


def main() -> None:
    options = parse(sys.argv[1:])
    print(f"loading {options.model}", flush=True)
    name = Handler.model = Path(options.model).name
    if name == "crash":
        print("ValueError: this checkpoint has no weights\n", flush=True)
        sys.exit(3)
    if name == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        code = "import time; print('child', flush=True); time.sleep(600)"
        child = subprocess.Popen([sys.executable, "-c", code])
        print(f"child {child.pid}", flush=True)
    server = ThreadingHTTPServer((options.host, int(options.port)), Handler)
    print(f"ready at {time.time()}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
