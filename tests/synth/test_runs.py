import random

from synth.runs import Runs, tokenize

KNOWN = ["Move the quarterly report into the archive folder before noon", "What is my first name?"]


def runs() -> Runs:
    found = Runs()
    for source, text in zip("ab", KNOWN, strict=True):
        found.add(source, tokenize(text))
    return found


def longest(text: str) -> tuple[int, str]:
    return runs().longest(tokenize(text))


def test_the_longest_run_and_its_source() -> None:
    assert longest("Please say what is MY first wish") == (4, "b")
    assert longest("Put it into the archive, folder by folder") == (4, "a")
    assert longest("Move the quarterly report into the archive folder before noon") == (8, "a")
    assert longest("Violins wait") == (0, "")
    assert longest("") == (0, "")
    assert Runs().longest(["a"]) == (0, "")


def test_it_equals_a_comparison_of_every_pair() -> None:
    rng = random.Random(0)
    texts = [[rng.choice("abcd") for _ in range(rng.randint(0, 12))] for _ in range(40)]
    found = Runs()
    for text in texts[:20]:
        found.add("x", text)
    known = {tuple(t[i : i + n]) for t in texts[:20] for n in range(1, 9) for i in range(13 - n)}

    def slow(tokens: list[str]) -> int:
        own = [tuple(tokens[i : i + n]) for n in range(1, 9) for i in range(13 - n)]
        return max((len(run) for run in own if run in known), default=0)

    assert [found.longest(text)[0] for text in texts[20:]] == [slow(text) for text in texts[20:]]
