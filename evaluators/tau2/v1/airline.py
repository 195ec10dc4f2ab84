"""The airline tools as tau-bench v1 answers them; where tau2 differs, v1's way is kept.

v1 takes no seats, leaves the cabin of a changed reservation as it was, and prices the second leg
of a connection with the first day's fares.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaluators.tau2.v1.toolkit import V1Toolkit, find
from evaluators.tau2.worlds.airline import BOOKING, NEW_CERTIFICATES, NEW_RESERVATIONS, NOW
from evaluators.tau2.worlds.airline_flights import AIRPORTS
from evaluators.tau2.worlds.store import Json, clone
from evaluators.tau2.worlds.toolkit import Dump, tool


class AirlineV1(V1Toolkit):
    """The agent's tools."""

    domain = "airline"

    @tool("read")
    def get_reservation_details(self, reservation_id: str) -> Dump:
        return Dump(find(self.store, "reservations", reservation_id, "user"))  # official label

    @tool("read")
    def get_user_details(self, user_id: str) -> Dump:
        return Dump(find(self.store, "users", user_id, "user"))

    @tool("read")
    def list_all_airports(self) -> str:
        return json.dumps(AIRPORTS)

    @tool("read")
    def search_direct_flight(self, origin: str, destination: str, date: str) -> Dump:
        flights = self.store["flights"].values()
        ways = (f for f in flights if f["origin"] == origin and f["destination"] == destination)
        return Dump([offer(flight, date) for flight in ways if is_open(flight, date)])

    @tool("read")
    def search_onestop_flight(self, origin: str, destination: str, date: str) -> Dump:
        return Dump(list(self._connections(origin, destination, date)))

    def _connections(self, origin: str, destination: str, date: str) -> Iterator[list[Json]]:
        flights = list(self.store["flights"].values())
        for first in (flight for flight in flights if flight["origin"] == origin):
            arrival = first["scheduled_arrival_time_est"]
            for second in flights:
                way = (second["origin"], second["destination"])
                if way != (first["destination"], destination):
                    continue
                day = f"2024-05-{int(date[-2:]) + 1}" if "+1" in arrival else date
                in_time = arrival <= second["scheduled_departure_time_est"]
                if in_time and are_open(first, date, second, day):
                    yield [
                        {**offer(first, date), "date": date},
                        {**offer(second, date), "date": day},
                    ]

    @tool("write", takes=BOOKING)
    def book_reservation(self, given: Mapping[str, Any]) -> Dump:
        find(self.store, "users", given["user_id"], "user")
        held = self.store["reservations"]
        new_id = next((i for i in NEW_RESERVATIONS[:2] if i not in held), NEW_RESERVATIONS[2])
        people = len(given["passengers"])
        legs = clone(given["flights"])
        for leg in legs:
            self._board(leg, given["cabin"], people)
        price = sum(leg["price"] for leg in legs) * people
        price += 30 * people if given["insurance"] == "yes" else 0
        price += 50 * given["nonfree_baggages"]
        self._pay(given["user_id"], given["payment_methods"], price)
        booked = {name: clone(given[name]) for name in BOOKING}
        front = ("user_id", "origin", "destination", "flight_type", "cabin")
        back = ("total_baggages", "nonfree_baggages", "insurance")
        record = {
            "reservation_id": new_id,
            **{name: booked[name] for name in front},
            "flights": legs,
            "passengers": booked["passengers"],
            "payment_history": booked["payment_methods"],
            "created_at": NOW,
            **{name: booked[name] for name in back},
        }
        self.store.writable("reservations")[new_id] = record
        self.store.record("users", given["user_id"])["reservations"].append(new_id)
        return Dump(record)

    def _board(self, leg: Json, cabin: str, people: int) -> None:
        """Complete a new leg with its price and way; no seat is taken."""
        number, date = leg["flight_number"], leg["date"]
        flight = find(self.store, "flights", number, f"flight {number}")
        if date not in flight["dates"]:
            raise ValueError(f"flight {number} not found on date {date}")
        day = flight["dates"][date]
        if day["status"] != "available":
            raise ValueError(f"flight {number} not available on date {date}")
        if day["available_seats"][cabin] < people:
            raise ValueError(f"not enough seats on flight {number}")
        leg["price"] = day["prices"][cabin]
        leg["origin"], leg["destination"] = flight["origin"], flight["destination"]

    def _pay(self, user_id: str, payments: Sequence[Json], price: Any) -> None:
        """Check every payment, then take the money; a certificate is used up whole."""
        methods = self.store.record("users", user_id)["payment_methods"]
        for payment in payments:
            name, amount = payment["payment_id"], payment["amount"]
            if name not in methods:
                raise ValueError(f"payment method {name} not found")
            holds = methods[name]["source"] in ("gift_card", "certificate")
            if holds and methods[name]["amount"] < amount:
                raise ValueError(f"not enough balance in payment method {name}")
        paid = sum(payment["amount"] for payment in payments)
        if paid != price:
            raise ValueError(
                f"payment amount does not add up, total price is {price}, but paid {paid}"
            )
        for payment in payments:
            source = methods[payment["payment_id"]]["source"]
            if source == "gift_card":
                methods[payment["payment_id"]]["amount"] -= payment["amount"]
            elif source == "certificate":
                del methods[payment["payment_id"]]

    @tool("write")
    def cancel_reservation(self, reservation_id: str) -> Dump:
        find(self.store, "reservations", reservation_id, "reservation")
        held = self.store.record("reservations", reservation_id)
        held["payment_history"] += [
            {"payment_id": paid["payment_id"], "amount": -paid["amount"]}
            for paid in held["payment_history"]
        ]
        held["status"] = "cancelled"
        return Dump(held)

    @tool("write")
    def send_certificate(self, user_id: str, amount: int) -> str:
        find(self.store, "users", user_id, "user")
        methods = self.store.record("users", user_id)["payment_methods"]
        for name in NEW_CERTIFICATES:
            if name not in methods:
                methods[name] = {"source": "certificate", "amount": amount, "id": name}
                return f"Certificate {name} added to user {user_id} with amount {amount}."
        return ""  # officially None

    @tool("write")
    def update_reservation_baggages(
        self, reservation_id: str, total_baggages: int, nonfree_baggages: int, payment_id: str
    ) -> Dump:
        held = find(self.store, "reservations", reservation_id, "reservation")
        price = 50 * max(0, nonfree_baggages - held["nonfree_baggages"])
        held = self._charge(reservation_id, payment_id, price)
        held["total_baggages"] = total_baggages
        held["nonfree_baggages"] = nonfree_baggages
        return Dump(held)

    @tool("write")
    def update_reservation_flights(
        self, reservation_id: str, cabin: str, flights: list[Json], payment_id: str
    ) -> Dump:
        held = find(self.store, "reservations", reservation_id, "reservation")
        people = len(held["passengers"])
        legs = clone(flights)
        for leg in legs:
            kept = cabin == held["cabin"] and same_leg(held, leg)
            if kept:
                leg |= {name: kept[name] for name in ("price", "origin", "destination")}
            else:
                self._board(leg, cabin, people)
        price = sum(leg["price"] for leg in legs) - sum(leg["price"] for leg in held["flights"])
        held = self._charge(reservation_id, payment_id, price * people)
        held["flights"] = legs
        return Dump(held)

    def _charge(self, reservation_id: str, payment_id: str, price: Any) -> Json:
        """Pay for a change from one method and return the reservation, which is to be written."""
        held: Json = self.store.record("reservations", reservation_id)
        methods = self.store.record("users", held["user_id"])["payment_methods"]
        if payment_id not in methods:
            raise ValueError("payment method not found")
        method = methods[payment_id]
        if method["source"] == "certificate":
            raise ValueError("certificate cannot be used to update reservation")
        if method["source"] == "gift_card":
            if method["amount"] < price:
                raise ValueError("gift card balance is not enough")
            method["amount"] -= price
        if price != 0:
            held["payment_history"].append({"payment_id": payment_id, "amount": price})
        return held

    @tool("write")
    def update_reservation_passengers(self, reservation_id: str, passengers: list[Json]) -> Dump:
        held = find(self.store, "reservations", reservation_id, "reservation")
        if len(passengers) != len(held["passengers"]):
            raise ValueError("number of passengers does not match")
        held = self.store.record("reservations", reservation_id)
        held["passengers"] = clone(passengers)
        return Dump(held)


def is_open(flight: Json, date: str) -> bool:
    return date in flight["dates"] and flight["dates"][date]["status"] == "available"


def are_open(first: Json, date: str, second: Json, day: str) -> bool:
    """Say whether both legs can be booked; both dates are looked up before either status."""
    known = date in first["dates"] and day in second["dates"]
    return known and is_open(first, date) and is_open(second, day)


def offer(flight: Json, date: str) -> Json:
    """Return a flight as a search shows it: its way and the fares of the day."""
    way = {name: value for name, value in flight.items() if name != "dates"}
    return {**way, **flight["dates"][date]}


def same_leg(held: Json, leg: Json) -> Json | None:
    """Find the leg of a reservation with the same flight and date."""
    for old in held["flights"]:
        if (old["flight_number"], old["date"]) == (leg["flight_number"], leg["date"]):
            found: Json = old
            return found
    return None
