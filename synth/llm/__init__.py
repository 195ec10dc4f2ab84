"""The language-model side of synthesis: ask for structured replies, check them, count them."""
