"""The words that random worlds are made of: what people, things and events are, have and do."""

from __future__ import annotations

from collections.abc import Mapping

PEOPLE = """member patient guest driver student tenant customer artist coach sponsor volunteer
visitor farmer pilot editor author chef nurse engineer clerk donor rider player teacher buyer
seller client partner resident traveller agent inspector supplier gardener worker""".split()
THINGS = """book room bike boat desk plot vehicle instrument painting recipe parcel locker camera
telescope garden kennel horse printer drone tractor cabin stall vault greenhouse generator tent
canoe piano bench container crate pallet sensor turbine antenna lamp oven loom kiln""".split()
EVENTS = """booking order loan visit repair lesson delivery inspection rental shift auction claim
appointment reservation shipment tour rehearsal workshop audit treatment excursion subscription
permit transfer session complaint exchange trial""".split()

FIRST = """Ada Bram Chiara Dario Elif Farah Goran Hana Ivo Jana Kofi Lena Milo Nadia Omar Petra
Quinn Rosa Sven Tara Uma Viktor Wanda Xenia Yusuf Zora Aiko Boris Celia Diego Esra Felix Greta
Hugo Iris Jonas Kira Luca Marta Nils""".split()
LAST = """Abbott Brandt Castro Dietrich Eriksen Fontana Grant Horvat Ibsen Jensen Kowal Lindgren
Moreau Novak Okafor Petrov Quist Rossi Santos Tanaka Ueda Varga Weber Yilmaz Zeman Amari Bauer
Costa Duarte Engel Farkas Gallo Hassan Ivanov Kaya Larsen Mendez Nowak Oliveira Pavlov""".split()
CITIES = """Aarhus Bergen Cork Dresden Evora Fukuoka Ghent Haifa Izmir Jaipur Krakow Lyon Malmo
Nantes Oslo Porto Quito Riga Split Turin Utrecht Varna Wroclaw York Zagreb""".split()
ADJECTIVES = """amber brisk cedar dusty elder frosty golden hollow ivory jade kindred lunar misty
northern olive pearl quiet rustic silver twin umber velvet western young zesty coral bright calm
copper scarlet willow stone river meadow harbour maple autumn winter""".split()
NOUNS = """arrow beacon comet delta ember falcon grove haven island jewel kestrel lantern mirror
nimbus orchid prairie quarry ridge summit tide union valley wharf yarrow zephyr anchor breeze
canyon dune forge glade heron inlet juniper knoll ledge marsh nest""".split()

ENUMS: Mapping[str, tuple[str, ...]] = {
    "colour": ("red", "blue", "green", "black", "white", "yellow"),
    "size": ("small", "medium", "large"),
    "tier": ("basic", "silver", "gold", "platinum"),
    "priority": ("low", "normal", "high", "urgent"),
    "condition": ("new", "good", "worn", "damaged"),
    "region": ("north", "south", "east", "west"),
    "channel": ("email", "phone", "post"),
    "language": ("English", "Spanish", "French", "German"),
    "payment": ("card", "cash", "invoice"),
    "season": ("spring", "summer", "autumn", "winter"),
    "material": ("wood", "steel", "glass", "canvas"),
}
NUMBERS: Mapping[str, tuple[int, int]] = {
    "capacity": (2, 60),
    "quantity": (1, 12),
    "weight": (1, 90),
    "floor": (1, 20),
    "rating": (1, 5),
    "duration": (15, 240),
    "stock": (5, 200),
    "distance": (1, 500),
    "age": (1, 40),
}
PERSON_MONEY = ("balance", "budget", "credit")
THING_MONEY = ("price", "fee", "deposit")
THING_NUMBERS = ("capacity", "weight", "floor", "rating", "stock", "age")
EVENT_NUMBERS = ("quantity", "duration", "distance", "rating")
DATES = ("date", "deadline", "start_date", "due_date", "renewal_date")
PERSON_ENUMS = ("tier", "region", "channel", "language")
THING_ENUMS = ("colour", "size", "condition", "material", "region")
EVENT_ENUMS = ("priority", "payment", "channel", "season")

# A life of an event: (status, verb that leads there, statuses it can be done from).
LIVES: tuple[tuple[tuple[str, str, tuple[str, ...]], ...], ...] = (
    (
        ("pending", "", ()),
        ("confirmed", "confirm", ("pending",)),
        ("cancelled", "cancel", ("pending", "confirmed")),
        ("completed", "complete", ("confirmed",)),
    ),
    (
        ("open", "", ()),
        ("approved", "approve", ("open",)),
        ("rejected", "reject", ("open",)),
        ("closed", "close", ("approved", "rejected")),
    ),
    (
        ("draft", "", ()),
        ("active", "activate", ("draft", "paused")),
        ("paused", "pause", ("active",)),
        ("ended", "end", ("active", "paused")),
    ),
    (
        ("scheduled", "", ()),
        ("started", "start", ("scheduled",)),
        ("postponed", "postpone", ("scheduled",)),
        ("finished", "finish", ("started",)),
    ),
)
VERBS: Mapping[str, tuple[str, ...]] = {
    "find": ("find", "search", "lookup", "query", "locate", "list"),
    "get": ("get", "fetch", "show", "retrieve", "view", "read", "describe"),
    "create": ("create", "add", "register", "make", "open", "new", "file"),
    "update": ("update", "change", "set", "modify", "edit", "adjust", "revise"),
    "delete": ("delete", "remove", "drop", "erase"),
    "cancel": ("cancel", "void", "revoke", "call_off"),
    "confirm": ("confirm", "accept", "validate"),
    "complete": ("complete", "fulfil", "settle"),
    "approve": ("approve", "grant", "authorize"),
    "reject": ("reject", "decline", "refuse"),
    "close": ("close", "archive", "conclude"),
    "activate": ("activate", "enable", "launch"),
    "pause": ("pause", "suspend", "hold"),
    "end": ("end", "terminate", "stop"),
    "start": ("start", "begin", "commence"),
    "postpone": ("postpone", "defer", "delay"),
    "finish": ("finish", "wrap_up", "mark_done"),
}
