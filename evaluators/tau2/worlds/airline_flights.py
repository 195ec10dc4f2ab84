"""Flights of the airline domain: looking them up, searching them, taking a seat."""

from __future__ import annotations

from collections.abc import Iterator

from evaluators.tau2.worlds.airline_records import FlightInfo
from evaluators.tau2.worlds.store import Json, Store

AIRPORTS = {
    "SFO": "San Francisco",
    "JFK": "New York",
    "LAX": "Los Angeles",
    "ORD": "Chicago",
    "DFW": "Dallas",
    "DEN": "Denver",
    "SEA": "Seattle",
    "ATL": "Atlanta",
    "MIA": "Miami",
    "BOS": "Boston",
    "PHX": "Phoenix",
    "IAH": "Houston",
    "LAS": "Las Vegas",
    "MCO": "Orlando",
    "EWR": "Newark",
    "CLT": "Charlotte",
    "MSP": "Minneapolis",
    "DTW": "Detroit",
    "PHL": "Philadelphia",
    "LGA": "LaGuardia",
}


def find(store: Store, section: str, label: str, key: str) -> Json:
    """Return a record for reading; an absent one is the caller's mistake."""
    if key not in store[section]:
        raise ValueError(f"{label} {key} not found")
    record: Json = store[section][key]
    return record


def flight_on(store: Store, flight_number: str, date: str) -> Json:
    """Return a flight's status on a date."""
    flight = find(store, "flights", "Flight", flight_number)
    if date not in flight["dates"]:
        raise ValueError(f"Flight {flight_number} not found on date {date}")
    day: Json = flight["dates"][date]
    return day


def open_seat(store: Store, wanted: FlightInfo, cabin: str, people: int) -> Json:
    """Return a new leg as a reservation holds it; raises where the flight cannot be had."""
    number = wanted.flight_number
    flight = find(store, "flights", "Flight", number)
    day = flight_on(store, number, wanted.date)
    if day["status"] != "available":
        raise ValueError(f"Flight {number} not available on date {wanted.date}")
    if day["available_seats"][cabin] < people:
        raise ValueError(f"Not enough seats on flight {number}")
    return {
        "flight_number": number,
        "origin": flight["origin"],
        "destination": flight["destination"],
        "date": wanted.date,
        "price": day["prices"][cabin],
    }


def kept_leg(held: Json, info: FlightInfo, cabin: str) -> Json | None:
    """Find the leg of a reservation that stays as it is: same flight, date and cabin."""
    for leg in held["flights"]:
        same = leg["flight_number"] == info.flight_number and leg["date"] == info.date
        if same and cabin == held["cabin"]:
            found: Json = leg
            return found
    return None


def search(
    store: Store,
    date: str,
    origin: str | None,
    destination: str | None,
    leave_after: str = "",
) -> Iterator[Json]:
    """Find the available flights of a day in the database's order. None matches every airport."""
    for flight in leaving(store, origin):
        if destination is not None and flight["destination"] != destination:
            continue
        day = flight["dates"].get(date)
        departure = flight["scheduled_departure_time_est"]
        if day is not None and day["status"] == "available" and departure >= leave_after:
            yield {
                "flight_number": flight["flight_number"],
                "origin": flight["origin"],
                "destination": flight["destination"],
                "status": "available",
                "scheduled_departure_time_est": departure,
                "scheduled_arrival_time_est": flight["scheduled_arrival_time_est"],
                "date": None,
                "available_seats": day["available_seats"],
                "prices": day["prices"],
            }


def one_stop(
    store: Store, date: str, origin: str | None, destination: str | None
) -> Iterator[list[Json]]:
    """Pair flights over one stop; an arrival marked +1 is continued on the next day of May."""
    for first in search(store, date, origin, None):
        first["date"] = date
        arrival = first["scheduled_arrival_time_est"]
        day = f"2024-05-{int(date[-2:]) + 1}" if "+1" in arrival else date
        for second in search(store, day, first["destination"], destination, arrival):
            second["date"] = day
            yield [first, second]


def leaving(store: Store, origin: str | None) -> list[Json]:
    """Return the flights that leave `origin`; routes never change, so one index serves all."""
    flights = store["flights"]
    if origin is None:
        return list(flights.values())
    index = store.base.notes.get("origins")
    if index is None:
        index = store.base.notes["origins"] = {}
        for number, flight in store.base.root["flights"].items():
            index.setdefault(flight["origin"], []).append(number)
    numbers = index.get(origin, ()) if isinstance(origin, str) else ()
    return [flights[number] for number in numbers]
