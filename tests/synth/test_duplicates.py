import random

import pytest

from synth.duplicates import Caps, Item, Neighbours, cap_duplicates, jaccard, mask, shingles_of

WORDS = """lamp ticket garden river window copper violin basket market harbor signal anchor
    meadow lantern summit orchard saddle thunder velvet walnut""".split()


def text(seed: int, length: int = 30) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def test_values_and_numbers_are_masked() -> None:
    one = mask("Cancel order A-17 of Ada Lovelace, please", ["Ada Lovelace", "A-17"])
    assert one == mask("cancel order B-9 of Bob Smith please", ["Bob Smith", "B-9"])
    assert one != mask("Cancel order A-17 of Ada Lovelace, please")
    assert mask("Room 12, seat 4b") == "room _ seat _"


def test_a_value_is_not_masked_inside_a_word() -> None:
    assert mask("Open the open-air museum of art", ["art"]) == "open the open air museum of _"
    assert mask("A party for art", ["art"]) == "a party for _"


def test_near_duplicates_are_capped_and_others_are_not() -> None:
    near = [Item(str(i), f"{text(1)} for guest number {i}") for i in range(6)]
    other = [Item("x", text(2)), Item("y", text(3))]
    dropped = cap_duplicates([*near, *other], Caps(shape=None, near=2))
    assert dropped == dict.fromkeys("2345", "near")


def test_shapes_are_capped_apart_from_texts() -> None:
    items = [Item(str(i), text(i), (), ("env", i % 2)) for i in range(8)]
    assert cap_duplicates(items, Caps(shape=3)) == {"6": "shape", "7": "shape"}
    assert cap_duplicates(items, Caps(shape=None)) == {}


def test_a_dropped_near_duplicate_leaves_room_in_its_shape() -> None:
    items = [Item("a", text(1), (), 1), Item("b", text(1), (), 1), Item("c", text(2), (), 1)]
    assert cap_duplicates(items, Caps(shape=2, near=1)) == {"b": "near"}


@pytest.mark.parametrize("changed", [1, 2])
def test_sets_that_are_like_enough_share_a_band(changed: int) -> None:
    """Every pair above the threshold is found among 60 texts, whatever changed in it."""
    for seed in range(60):
        words = text(seed, 120).split()
        twin = list(words)
        for place in random.Random(seed).sample(range(5, 115), changed):
            twin[place] = "else"
        one, other = shingles_of(" ".join(words)), shingles_of(" ".join(twin))
        if jaccard(one, other) >= 0.8:
            seen = Neighbours(Caps(near=1))
            assert seen.admit(" ".join(words))
            assert not seen.admit(" ".join(twin))


def test_order_decides_who_stays() -> None:
    first, second = Item("a", text(1)), Item("b", text(1))
    assert cap_duplicates([first, second], Caps(near=1)) == {"b": "near"}
    assert cap_duplicates([second, first], Caps(near=1)) == {"a": "near"}
