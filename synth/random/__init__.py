"""World randomisation: an unlimited supply of distinct domains, streamed by seed."""

from synth.random.worlds import random_world as random_world
