"""Kinds of world that rules know: each reads a tool and writes its program, or passes."""
