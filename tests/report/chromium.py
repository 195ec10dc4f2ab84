"""A headless Chromium driven over a pipe (DevTools protocol): no port, no extra package."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)


def find() -> str | None:
    """Return the path of an installed Chromium, or None. HARNESS_CHROMIUM names another one."""
    named = os.environ.get("HARNESS_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One browser with one page. Use as a context manager."""

    def __init__(self, width: int = 1360, height: int = 900) -> None:
        self.size = (width, height)
        self.profile = tempfile.mkdtemp(prefix="chromium-")
        self.number = 0
        self.events: list[dict[str, Any]] = []
        self.buffer = b""
        self.process, self.write, self.read = self.start()
        self.session = self.open_page()

    def start(self) -> tuple[subprocess.Popen[bytes], int, int]:
        child_in, to_child = os.pipe()
        from_child, child_out = os.pipe()
        shell = f'exec "$0" "$@" 3<&{child_in} 4>&{child_out}'
        program = [find() or "chromium", *FLAGS, f"--user-data-dir={self.profile}", "about:blank"]
        process = subprocess.Popen(
            ["bash", "-c", shell, *program],
            pass_fds=(child_in, child_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(child_in)
        os.close(child_out)
        return process, to_child, from_child

    def open_page(self) -> str:
        target = self.send("Target.createTarget", {"url": "about:blank"}, page=False)["targetId"]
        wanted = {"targetId": target, "flatten": True}
        session = str(self.send("Target.attachToTarget", wanted, page=False)["sessionId"])
        self.session = session
        width, height = self.size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", metrics)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        return session

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: object) -> None:
        self.send("Browser.close", page=False)
        self.process.wait(20)
        os.close(self.write)
        os.close(self.read)
        wait_for(self.removed, f"{self.profile} to be removable", 10)

    def removed(self) -> bool:
        """Delete the profile, into which the last child of the browser may still write."""
        shutil.rmtree(self.profile, ignore_errors=True)
        return not Path(self.profile).exists()

    def send(self, method: str, params: Any = None, *, page: bool = True) -> dict[str, Any]:
        """Send one command and return its result; events that arrive meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params or {}}
        if page:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") != self.number:
                self.events.append(answer)
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            return dict(answer["result"])

    def receive(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            data = os.read(self.read, 1 << 20)
            if not data:
                raise RuntimeError("the browser closed its pipe")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\0", 1)
        return dict(json.loads(line))

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file and wait until the page has drawn itself."""
        self.events.clear()
        self.send("Page.navigate", {"url": "about:blank"})
        self.send("Page.navigate", {"url": path.resolve().as_uri() + fragment})
        self.wait("document.querySelector('#view > main')")

    def run(self, expression: str) -> Any:
        """Evaluate JavaScript in the page (outside its content-security policy's reach)."""
        wanted = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.send("Runtime.evaluate", wanted)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 20) -> Any:
        """Wait until an expression is true in the page."""
        return wait_for(lambda: self.run(f"!!({expression})"), expression, seconds)

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def count(self, selector: str) -> int:
        return int(self.run(f"document.querySelectorAll({json.dumps(selector)}).length"))

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""
        self.wait(f"document.querySelector({json.dumps(selector)})")
        x, y = self.run(
            f"""(() => {{ const node = document.querySelector({json.dumps(selector)});
            node.scrollIntoView({{block: 'center'}});
            const box = node.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]; }})()"""
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            where = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.send("Input.dispatchMouseEvent", where)

    def key(self, key: str) -> None:
        """Press a key, such as j, / or Escape."""
        press: dict[str, Any] = {"type": "keyDown", "key": key}
        if len(key) == 1:
            press["text"] = key
        self.send("Input.dispatchKeyEvent", press)
        self.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key})

    def type(self, text: str) -> None:
        self.send("Input.insertText", {"text": text})

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        shot = self.send("Page.captureScreenshot", {"captureBeyondViewport": whole})
        path.write_bytes(base64.b64decode(shot["data"]))

    def problems(self) -> list[str]:
        """Return uncaught errors, console errors, policy violations and network requests."""
        self.run("0")
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"])[:400])
            if method == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"])
            if method == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith(("file:", "about:", "data:")):
                    found.append(f"request to {url}")
        return found


def wait_for(ready: Callable[[], Any], what: str, seconds: float) -> Any:
    until = time.monotonic() + seconds
    while not (value := ready()):
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds} s for: {what}")
        time.sleep(0.02)
    return value
