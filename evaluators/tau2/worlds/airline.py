"""The airline domain: the agent's tools (the user has none)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluators.tau2.pack import read_json, read_text
from evaluators.tau2.worlds import arithmetic
from evaluators.tau2.worlds.airline_flights import (
    AIRPORTS,
    find,
    flight_on,
    kept_leg,
    one_stop,
    open_seat,
    search,
)
from evaluators.tau2.worlds.airline_payments import charge, check_payments, deduct
from evaluators.tau2.worlds.airline_records import (
    Certificate,
    FlightInfo,
    Passenger,
    Payment,
    Reservation,
    dump,
    revive,
)
from evaluators.tau2.worlds.domain import Domain, Row, specs_of
from evaluators.tau2.worlds.store import Base, Json, Store, clone
from evaluators.tau2.worlds.toolkit import Dump, Toolkit, tool
from evaluators.tau2.worlds.world import World

NOW = "2024-05-15T15:00:00"
NEW_RESERVATIONS = ("HATHAT", "HATHAU", "HATHAV")
BOOKING = (
    "user_id",
    "origin",
    "destination",
    "flight_type",
    "cabin",
    "flights",
    "passengers",
    "payment_methods",
    "total_baggages",
    "nonfree_baggages",
    "insurance",
)
NEW_CERTIFICATES = ("certificate_3221322", "certificate_3221323", "certificate_3221324")


class AirlineTools(Toolkit):
    """The agent's tools."""

    def _user(self, user_id: str) -> Json:
        return find(self.store, "users", "User", user_id)

    def _reservation(self, reservation_id: str) -> Json:
        return find(self.store, "reservations", "Reservation", reservation_id)

    @tool("read")
    def get_reservation_details(self, reservation_id: str) -> Dump:
        return Dump(self._reservation(reservation_id))

    @tool("read")
    def get_user_details(self, user_id: str) -> Dump:
        return Dump(self._user(user_id))

    @tool("read")
    def get_flight_status(self, flight_number: str, date: str) -> str:
        return str(flight_on(self.store, flight_number, date)["status"])

    @tool("read")
    def list_all_airports(self) -> Dump:
        return Dump([{"iata": code, "city": city} for code, city in AIRPORTS.items()])

    @tool("read")
    def search_direct_flight(self, origin: str, destination: str, date: str) -> Dump:
        return Dump(list(search(self.store, date, origin, destination)))

    @tool("read")
    def search_onestop_flight(self, origin: str, destination: str, date: str) -> Dump:
        return Dump(list(one_stop(self.store, date, origin, destination)))

    @tool("generic")
    def calculate(self, expression: str) -> str:
        return arithmetic.calculate(expression)

    @tool("generic")
    def transfer_to_human_agents(self, summary: str) -> str:
        return "Transfer successful"

    @tool("write", takes=BOOKING)
    def book_reservation(self, given: Mapping[str, Any]) -> Dump:
        wanted = revive(FlightInfo, given["flights"])
        passengers = revive(Passenger, given["passengers"])
        payments = revive(Payment, given["payment_methods"])
        self._user(given["user_id"])
        fields = {
            **{name: given[name] for name in BOOKING if name in Reservation.model_fields},
            "reservation_id": self._new_reservation_id(),
            "flights": [],
            "passengers": passengers,
            "payment_history": payments,
            "created_at": NOW,
        }
        record = Reservation(**fields).model_dump()
        people, total = len(passengers), 0
        for info in wanted:
            leg = open_seat(self.store, info, given["cabin"], people)
            record["flights"].append(leg)
            total += leg["price"] * people
        if given["insurance"] == "yes":
            total += 30 * people
        total += 50 * given["nonfree_baggages"]
        user_id = given["user_id"]
        check_payments(self._user(user_id)["payment_methods"], payments, total)
        deduct(self.store.record("users", user_id)["payment_methods"], payments)
        self._enter(record, people)
        return Dump(record)

    def _new_reservation_id(self) -> str:
        for reservation_id in NEW_RESERVATIONS:
            if reservation_id not in self.store["reservations"]:
                return reservation_id
        raise ValueError("Too many reservations")

    def _enter(self, record: Json, people: int) -> None:
        """Take the seats and store the new reservation."""
        for leg in record["flights"]:
            flight = self.store.record("flights", leg["flight_number"])
            flight["dates"][leg["date"]]["available_seats"][record["cabin"]] -= people
        self.store.writable("reservations")[record["reservation_id"]] = record
        user = self.store.record("users", record["user_id"])
        user["reservations"].append(record["reservation_id"])

    @tool("write")
    def cancel_reservation(self, reservation_id: str) -> Dump:
        self._reservation(reservation_id)
        record = self.store.record("reservations", reservation_id)
        record["payment_history"] += [
            {"payment_id": payment["payment_id"], "amount": -payment["amount"]}
            for payment in record["payment_history"]
        ]
        record["status"] = "cancelled"
        return Dump(record)

    @tool("write")
    def send_certificate(self, user_id: str, amount: int) -> str:
        user = self._user(user_id)
        for name in NEW_CERTIFICATES:
            if name not in user["payment_methods"]:
                certificate = Certificate(source="certificate", id=name, amount=amount)
                methods = self.store.record("users", user_id)["payment_methods"]
                methods[name] = certificate.model_dump()
                return f"Certificate {name} added to user {user_id} with amount {amount}."
        raise ValueError("Too many certificates")

    @tool("write")
    def update_reservation_baggages(
        self, reservation_id: str, total_baggages: int, nonfree_baggages: int, payment_id: str
    ) -> Dump:
        held = self._reservation(reservation_id)
        self._user(held["user_id"])
        price = 50 * max(0, nonfree_baggages - held["nonfree_baggages"])
        record = charge(self.store, reservation_id, payment_id, price)
        record["total_baggages"] = clone(total_baggages)
        record["nonfree_baggages"] = clone(nonfree_baggages)
        return Dump(record)

    @tool("write")
    def update_reservation_flights(
        self, reservation_id: str, cabin: str, flights: Any, payment_id: str
    ) -> Dump:
        wanted = revive(FlightInfo, flights)
        held = self._reservation(reservation_id)
        self._user(held["user_id"])
        people = len(held["passengers"])
        legs, price = [], 0
        for info in wanted:
            leg = kept_leg(held, info, cabin) or open_seat(self.store, info, cabin, people)
            price += leg["price"] * people
            legs.append(leg)
        price -= sum(leg["price"] for leg in held["flights"]) * people
        record = charge(self.store, reservation_id, payment_id, price)
        record["flights"] = clone(legs)
        record["cabin"] = clone(cabin)
        return Dump(record)

    @tool("write")
    def update_reservation_passengers(self, reservation_id: str, passengers: Any) -> Dump:
        passengers = revive(Passenger, passengers)
        if len(passengers) != len(self._reservation(reservation_id)["passengers"]):
            raise ValueError("Number of passengers does not match")
        record = self.store.record("reservations", reservation_id)
        record["passengers"] = (
            [p.model_dump() if isinstance(p, Passenger) else clone(p) for p in passengers]
            if isinstance(passengers, list)
            else clone(passengers)
        )
        return Dump(record)


def load(folder: Path, options: Mapping[str, str]) -> Domain:
    """Read the domain's database."""
    base = Base(read_json(folder / "db.json"), dump)
    specs = specs_of("airline")

    def new(row: Row, solo: bool) -> World:
        return World(AirlineTools(Store(base)), specs=specs)

    return Domain("airline", new, lambda solo: read_text(folder / "policy.md"))
