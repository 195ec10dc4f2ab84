"""Words that drill worlds are dressed in, and which of them training never sees."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache

NOUNS = """abbey acorn album alley anvil apron arcade arena atlas attic badge bakery balloon banner
barge barrel basket beach bell bottle bowl bracelet branch bridge broom bucket buggy bundle bunker
burrow cabinet cable cactus cage cake candle cannon cape captain card carpet cart casket castle
cave cell chain chair chalet chapel chest chimney choir circus clinic clock closet cloud coach
coin collar column compass contract cork corner cottage counter course cradle crane crew crown
cube cup curtain cushion dam dancer debate depot device diary dinner dish ditch dock doctor dome
donkey door dragon drawer dress drum easel echo edition elevator embassy engine errand estate
exhibit fabric factory farm feast fence ferry festival field figure film filter fleet flower
flute folder forest fork fountain frame freight fridge gadget galaxy game garage gate gift glider
globe glove goat grant grill guest guitar gym hall hammer hamper hanger harp hat hatch helmet
hostel hotel house hunter island jacket jar jetty journal judge juror kettle key kiosk kitchen
kite knight ladder lake laptop lawyer leaflet lease ledger lemon letter lever library lid lift
lighthouse line lodge lorry machine magnet mansion manual market mask meadow medal meeting mentor
menu merchant meter mill miner module monitor monk motor museum napkin needle nest network notice
novel oasis office orchard organ outlet owner paddle palace panel parade parish park parrot
passenger path pavilion pebble pencil perfume petition phone picnic pie pillar pillow pipe pitch
plan plane planet plant plate platform player plaza pocket poem pond pool porch poster pottery
project puppet puzzle pyramid quilt rabbit racket radio raft railway ranch receipt recruit reef
relay report ribbon rifle ring river robot rocket roof route rug runner saddle sail salad sample
scarf scene school scooter screen script sculpture seat seed sheep shelf shelter ship shoe shop
shrine signal singer sketch ski sled sofa soldier song spoon squad stable stadium stage stamp
statue stone store street studio suit survey sweater sword table tailor tank tavern taxi temple
theatre thread throne ticket tile timer token tool torch tower town toy track trader trail train
trainee tray treasure tree trophy truck trumpet tube tunnel tutor umbrella uniform unit vase
vendor venue vessel villa village violin voucher wagon waiter wallet warden watch well whale
wheel whistle widget window wing witness yacht yard zone""".split()
LABELS = "name title label alias caption heading nickname tag term motto slogan signature".split()
ATTRIBUTES = """colour size tier priority condition region channel language payment season material
shape style grade class mode level origin flavour texture format brand theme scope risk status_note
finish pattern climate genre currency fuel security access urgency quality category rank phase
intensity tone gender diet surface voltage""".split()
NUMBERS = """capacity quantity weight floor rating duration stock distance age width height depth
length volume score points seats pages rooms power speed range credits units""".split()
OPTIONS = """red blue green black white small medium large low normal high gold silver basic new
good worn damaged north south east west email post card cash spring summer autumn winter wood
steel glass round square oval plain fancy rough smooth soft hard light heavy early late open
shared private public simple double triple sweet sour bitter salty dry wet hot cold warm cool
fast slow local foreign rare common modern classic urban rural matte glossy wide narrow deep
shallow full partial strict loose formal casual bright dim loud quiet major minor upper lower
inner outer front rear""".split()


def held_out(word: str) -> bool:
    """Say whether a word is kept for worlds that training never sees: about one in five."""
    return zlib.crc32(f"drill {word}".encode()) % 5 == 0


@cache
def sides(words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Split words into what training sees and what it does not."""
    return [w for w in words if not held_out(w)], [w for w in words if held_out(w)]


def choose(words: Sequence[str], unseen: bool) -> list[str]:
    """Return the words of one side."""
    return sides(tuple(words))[unseen]
