"""Talks: drills told as conversations, in several messages, with details kept back until asked."""
