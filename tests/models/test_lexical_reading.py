"""What the baseline reads in a text: stems, mentions, lists, clauses, choices."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from harness.models.lexical.choices import spoken
from harness.models.lexical.dates import read_date
from harness.models.lexical.reading import Reading
from harness.models.lexical.slots import Slot, kind_of, read_slots
from harness.models.lexical.words import stem, terms


def mentions(text: str, *kinds: str) -> list[Any]:
    places = Reading(text).places
    return [p.mention.value for p in places if not kinds or p.mention.kind in kinds]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("calculate", "calculation"),
        ("cities", "city"),
        ("running", "runs"),
        ("booked", "booking"),
        ("prices", "price"),
    ],
)
def test_inflections_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_different_words_keep_different_stems() -> None:
    assert stem("weather") != stem("water")
    assert stem("book") != stem("boot")


@pytest.mark.parametrize(
    "name", ["triangle_area", "triangleArea", "Triangle.Area", "TRIANGLE area"]
)
def test_names_are_split_at_case_underscores_and_dots(name: str) -> None:
    assert list(terms(name)) == [stem("triangle"), stem("area")]


def test_scripts_without_blanks_are_cut_into_pairs() -> None:
    assert list(terms("天気予報")) == ["天気", "気予", "予報"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("give me five apples", 5),
        ("a total of 1,234,567", 1234567),
        ("it costs $12.50", 12.5),
        ("about 2 million people", 2000000),
        ("cool to -3 degrees", -3),
        ("two hundred pages", 200),
        ("at 298K", 298),
        ("charge of 1e-9", 1e-9),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert mentions(text, "number") == [value]


def test_a_comma_separates_short_numbers() -> None:
    assert mentions("for 1,5 and 10 years", "number") == [1, 5, 10]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('say "hello there" now', "quote", "hello there"),
        ("open 'it's here.txt' now", "quote", "it's here.txt"),
        ("call `f.x` now", "quote", "f.x"),
        ("read /var/log/db.log now", "path", "/var/log/db.log"),
        ("mail ann.lee@example.org now", "email", "ann.lee@example.org"),
        ("see https://a.example/b?c=1.", "url", "https://a.example/b?c=1"),
        ("on March 5th, 2023 please", "date", "March 5th, 2023"),
        ("at 10:30 pm sharp", "time", "10:30 pm"),
        ("order W123456 today", "code", "W123456"),
        ("integrate 3x^2 + 2x - 1 now", "formula", "3x**2 + 2x - 1"),
        ("sort [3, 1, 2] now", "literal", [3, 1, 2]),
        ("at (40.7, -74.0) now", "literal", [40.7, -74.0]),
        ("set {name: 'Ann', age: 3} now", "literal", {"name": "Ann", "age": 3}),
    ],
)
def test_forms_that_give_a_value_away(text: str, kind: str, value: Any) -> None:
    assert mentions(text, kind) == [value]


def test_names_are_capitalised_runs_but_not_the_word_that_opens_a_sentence() -> None:
    text = "Find a flight to New York City. Then visit the Museum of Modern Art in Paris's heart."
    assert mentions(text, "name") == ["New York City", "Museum of Modern Art", "Paris"]


def test_a_text_wholly_in_quotes_is_read_as_itself() -> None:
    assert mentions('"Fly to Rome"', "quote", "name") == ["Rome"]


def test_lists_ranges_and_places_are_told_apart() -> None:
    def runs(text: str) -> list[tuple[Any, int, bool]]:
        places = Reading(text).places
        return [(p.mention.value, p.group, p.listed) for p in places if p.mention.kind != "phrase"]

    in_list = runs("compare Rome, Oslo and Bern")
    assert [listed for _, _, listed in in_list] == [True, True, True]
    assert len({group for _, group, _ in in_list}) == 1
    assert [listed for _, _, listed in runs("from 5 to 10")] == [False, False]
    assert [listed for _, _, listed in runs("weather of Paris, France")] == [False, False]
    assert len({group for _, group, _ in runs("why is Rome far from Oslo")}) == 2


def test_clauses_begin_at_sentences_and_at_new_requests() -> None:
    reading = Reading("Compute the area. Then find Rome and get the time, salt and pepper")
    texts = [" ".join(reading.lower[a:b]) for a, b in reading.clauses()]
    assert texts == ["compute the area", "then find rome", "and get the time salt and pepper"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("March 5th, 2023", date(2023, 3, 5)),
        ("5 mar 2023", date(2023, 3, 5)),
        ("2023/03/05", date(2023, 3, 5)),
        ("03/05/2023", date(2023, 3, 5)),
        ("23/06/2024", date(2024, 6, 23)),
        ("March 5", None),
        ("2023-02-30", None),
    ],
)
def test_written_dates(text: str, day: date | None) -> None:
    assert read_date(text) == day


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "float"}, "number"),
        ({"type": "HashMap"}, "object"),
        ({"type": "ArrayList"}, "array"),
        ({"type": "tuple"}, "array"),
        ({"type": "String"}, "string"),
        ({"type": ["null", "integer"]}, "integer"),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, "boolean"),
        ({"properties": {}}, "object"),
        ({"type": "Foo"}, "any"),
        (None, "any"),
    ],
)
def test_kinds_of_schemas(schema: Any, kind: str) -> None:
    assert kind_of(schema) == kind


def the_slot(**schema: Any) -> Slot:
    (slot,) = read_slots({"properties": {"value": schema}})
    return slot


def test_choices_are_heard_inflected_but_hints_word_for_word() -> None:
    reading = Reading("Please delete the largest files")
    choices = the_slot(type="string", enum=["deleted", "action", "file"])
    assert [value for _, value in spoken(choices, reading)] == ["deleted", "file"]
    hints = the_slot(type="string", description="One of 'delete', 'large' or 'small'.")
    assert [value for _, value in spoken(hints, reading)] == ["delete"]
    acted = the_slot(type="string", enum=["Action"])
    assert spoken(acted, Reading("a film she acted in")) == []


def test_nested_objects_become_slots_with_a_path() -> None:
    inner = {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]}
    schema = {"properties": {"p": inner, "q": inner}, "required": ["p"]}
    found = [(slot.path, slot.needed) for slot in read_slots(schema)]
    expected = [(("p", "a"), True), (("p", "b"), False), (("q", "a"), False), (("q", "b"), False)]
    assert found == expected
