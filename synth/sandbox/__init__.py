"""Run Python that was written elsewhere: one locked process per environment.

Layers, each tried at start and told in `probe()`: an own process without environment variables,
user nobody (where we are root), resource limits, no_new_privs, Landlock (no file, no port),
a seccomp allow-list of 18 system calls, an audit hook as tripwire, and the parent's clock.
Without seccomp nothing runs, unless `Limits(allow_weak=True)`.

Code inside can forge its own answers, so nothing that judges runs there: the parent compares
replies and states, and replays them in a fresh process.
"""

from synth.sandbox.client import DEFAULT as DEFAULT
from synth.sandbox.client import Broken as Broken
from synth.sandbox.client import Worker as Worker
from synth.sandbox.client import probe as probe
from synth.sandbox.process import Limits as Limits
from synth.sandbox.replies import Reply as Reply
