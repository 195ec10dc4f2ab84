"""Words that drill worlds are dressed in, and which of them training never sees."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache

NOUNS = """abbey absence account acorn actor advert agency airport alarm album alert alley amulet
anchor angle annexe answer antenna anvil appeal apple apricot apron arcade archive arena arrow
artist ashtray asset atlas attic audit author aviary avocado award axle backup badge bakery balcony
ballad balloon bandage banjo banner bargain barge barn barrack barrel basin basket bathroom beach
beacon beam bed beetle bell bench berry bicycle bill binder bird biscuit blanket blazer blender
block blossom blouse board boat bonfire book boot border bottle boulder bouquet boutique bowl
bowler boxer brace bracelet bracket brake branch brick bride bridge briefing broker broom brush
bucket buggy bulb bundle bunker bureau burger burrow butler button cabinet cable cactus cadet cage
cake calendar camel camera camp canal candle cannon canteen canvas cape captain caravan card cargo
carpet carriage carrot cart carton case cashier casket castle catalogue cathedral cave cedar
ceiling cell cellar cello cereal certificate chain chair chalet champion channel chapel chapter
charger chart checklist chef cherry chest chimney choice choir cinema circus citizen clamp clause
cleaner clerk client clinic clip cloak clock closet cloth cloud clue coach cocoon coffee coin
collar collector colony column comet comment committee compartment compass composer computer
concert console contract copier cork corner corridor costume cottage council counter coupon courier
course court cousin crab cradle crane crater crayon creek crew cricket crocodile crossing crown
crystal cube cucumber cup cupboard cursor curtain curve cushion customer cyclist daisy dam
dancehall dancer dealer debate decree delivery dentist deposit depot desert desk detour device
diagram diamond diary dinner director discount dish display district ditch dock doctor document
dolphin domain dome donkey donor door doorway draft dragon drawer drawing dress driver drone drum
duchess duel dungeon eagle earring easel echo eclipse edition editor effort egg elbow elephant
elevator embassy ember emblem employee enclosure encounter engine engineer entrance envelope
episode equation eraser errand essay estate estimate event exam excerpt excursion exhibit exit
expert explorer export extract fabric factory falcon family fan farm farmer faucet feast feather
fence ferry festival fiddle field fighter figure film filter finger firm flag flame flask flat
fleet flight flock florist flower flute fog folder forest fork formula fortress fossil fountain
foyer fraction fragment frame freight fridge friend frigate frog fruit funeral fungus furnace
future gadget galaxy gallery gallon game gang garage garden garment gate gazette generator gesture
ghost giant gift giraffe girder glacier glade glider globe glove goal goat gondola gorge gown grant
graph grave greeting grid grill grocer group guard guest guide guitar gully gutter gym habit hairdo
hall halo hamlet hammer hamper handle hanger harbour harp harvest hat hatch hawk headline heater
hedge heir helmet herb herd hermit hero highway hinge hobby hockey holder holiday hook horizon horn
horse hose hospital hostel hotel hour house hub hunter hurdle husband hut hymn icon idea igloo
image import incident index infant ingot inn insect inspector invoice iron island item ivory jacket
jacuzzi jaguar jail jar jetty jewel jockey joint joke journal judge jungle juror kayak keeper
kennel kernel kettle key kiln kingdom kiosk kitchen kite kitten knee knight knob lab label labourer
ladder lagoon lake lamb lamp lane lantern laptop lawn lawyer layer leader leaf leaflet league lease
lecture ledger legend lemon lemonade lens lesson letter lever library licence lid lieutenant lift
lighthouse lily limb limousine line lion liquid listing lizard loaf lobby lobster locker lodge
lodger log loom lorry lotion lounge lynx machine magazine magnet maid mailbox mammoth mango mansion
manual marble marina marker market marriage marsh mask mat match mattress mayor maze meadow meal
mechanic medal medicine meeting melody melon member memo memorial mentor menu merchant message
metal meter method microscope mill miner minister minute mirror missile mission mister model module
moment monarch monastery monitor monk monument moped mosaic motion motor mountain mouse mule mural
museum mushroom nail napkin needle neighbour nephew nest network niche nickel nomad notice novel
nurse nut oar oasis oat obelisk object ocean offer office officer olive omelette onion opera
operator option orange orbit orchard orchestra order organ orphan otter outlet outpost oven owl
owner oyster package paddle page painting palace pancake panda panel panther paper parade parcel
parent parish park parlour parrot partner party pass passenger pastry patch path patient patrol
pavilion paw pea peach peacock peanut pear pearl pebble pedal pelican pen pencil pension pepper
perfume period permit person petition pheasant phone photo picnic pie pigeon pilgrim pillar pillow
pilot pin pine pipe pirate pistol pit pitch plan plane planet plank plant plaque plaster plate
platform player playground plaza plough plum plumber pocket poem poet point pole policy pond pony
pool poppy porch port portrait post poster potato pottery pouch prefix premise president priest
prince print prison prize problem product profile programme project promise proposal prospect
province pub pulpit pump pupil puppet purse puzzle pyramid quarry queen query quest quilt quiz
quota rabbi rabbit racer racket radar radio raft rail railway rainbow ramp ranch rat raven razor
reader reason rebel receipt recipe record recruit reef referee region relay relic remark remedy
renter repair reply report request rescue reservoir resident resort retreat review reward rhyme
ribbon rider ridge rifle ring ritual river road roast robe robot rock rocket rod roller roof
rooster rope rose round route routine row ruby rug ruin ruler rumour runner sack saddle sail sailor
saint salad salmon sample sandal sandwich satellite saucer sauna sausage saw scale scarf scene
scheme scholar school scooter score scout screen script scroll sculpture seal season seat secret
section sector seed seminar senator sensor sentence sequel sergeant server service session settler
shack shadow share shed sheep sheet shelf shelter sheriff shield ship shirt shoe shop shovel shower
shrine shuttle siege sign signal silo singer sink siren skate sketch ski skirt skull sled slide
slipper slope snail snake sock socket sofa soldier solution song sonnet spade spark speaker spear
spice spider spire sponge sponsor spoon spring sprout squad squire squirrel stable stadium staff
stage stair stall stamp stand star statement station statue stew stick stitch stone stool store
storm story strap stream street strike string student studio submarine suburb subway suit suitcase
suite sultan summit sunset supper surgeon survey swan sweater sweet swing switch sword symbol
symphony syringe syrup table tablet tack tag tailor talent tangle tank tape target tart task tavern
taxi teacher team teapot telescope temple tenant tent term terminal terrace theatre theory thesis
thief thimble thistle thread throne thumb ticket tiger tile timber timer tin title toast toddler
token toll tomato tomb tool tooth topic torch tornado tower town toy track tractor trader trail
trailer train trainee tram transfer trap traveller tray treasure treaty tree trench trial triangle
tribe trick trip trolley troop trophy truck truffle trumpet trunk tub tube tulip tunic tunnel
turbine turkey turnip turret turtle tutor tutorial twin tyre umbrella uncle uniform union unit
usher vaccine valley valve van vase vault vector veil vendor venture venue verdict verse vessel
vest vet viaduct victim video view villa village vine viola violet violin virus visa visitor
vitamin volcano vote voucher voyage vulture waffle wagon waist waiter walker wall wallet walnut war
warden wardrobe warrant warrior wash washer wasp watch weapon web wedding wedge weed weekend weight
well whale wheel whip whistle widget wife willow winch window wing winner wire wish witness wizard
wolf wombat word worker workshop world worm wreath wreck wrench writer yacht yak yard yeast zebra
zipper zone""".split()
LABELS = """alias appellation banner brand byline callsign caption crest designation epithet handle
heading headline identifier inscription keyword label legend mark moniker motto name nickname
phrase print script sign signature slogan stamp subject tag term text theme title topic wording
wordmark""".split()
ATTRIBUTES = """accent access aisle approach band battery bundle carrier category channel clarity
class clearance climate coating colour condition contrast corner course cover cuisine currency cut
delivery dialect diet dispatch division drive duty dynasty edge edition engine era exposure fabric
filling finish fit flavour focus format frequency fuel gear gender genre glaze grade grip habitat
handling hardness hue humidity intensity kind lane language level licence lining material method
mode mood opacity orbit origin outlook packaging pattern payment phase plan plot policy polish
posture priority privacy protocol purity quality rank rarity region register rhythm risk role rota
route routine scale scent scope season sector security shade shape sharpness shift signal size
softness sort stage stance status_note storage strength style surface technique temper tempo
terrain texture tier tint tone trade trim urgency variant vintage visibility voice voltage weather
wing zone""".split()
NUMBERS = """acreage age altitude amount area bags balance barrels beds bonus bottles boxes budget
cabins calories capacity chapters copies cost count crates credits current days debt density
deposit depth desks diameter discount distance doors dose duration fee floor floors gears goals
height hours input intake keys laps latitude length limit litres load longitude losses margin mass
maximum metres mileage miles minimum minutes output pages pedals penalty points portion power
pressure price quantity quota radius range rate rating ratio rooms rounds score seats servings
share speed stairs steps stock storeys strings sum target tax temperature thickness total units
verses volume votes weeks weight wheels width windows wins yield""".split()
OPTIONS = """adult alpha alpine always amber analogue annual arid automatic autumn azure baked
bamboo baroque basic beige beta birch bitter black blue blunt boiled bold brass brave brick brief
bright brittle bronze brown business busy calm canned card cardboard cash casual cedar cheerful
child classic clay clever cloudy coastal cold common compact concrete cool copper coral cotton
cream creamy crimson crispy crunchy daily damaged deep delayed delta denim diesel digital dim
double dried dry eager early east economy elastic electric email emerald evening family fancy fast
final firm first flexible foggy foreign formal fourth fragile frequent fresh friday fried front
frozen frugal fruity full gamma gentle giant glass gloomy glossy gold good gothic grand granite
gravel green grey grilled halal hard heavy high honest hot hourly huge humid hybrid hydro idle
indigo indoor initial inland inner instant iron irregular italic ivory jade jumbo junior king known
kosher large late lavish lazy leather light lilac linen local long loose loud low lower loyal major
manual maple marble maroon matte mauve maxi medium metal midnight mild mini minor minty modern
modest monday monthly morning narrow navy never new nightly noon normal north nutty nylon oak
official offline olive online onsite open orange organic ornate outdoor outer oval paper paperless
partial pearl petrol pine pink plain plastic playful plum polar polite post private public purple
queen quick quiet rainy rare raw rear red regular remote rigid risky rough round rubber ruby rural
rust rustic safe salty sand saturday savoury scarlet seasonal second secret seldom senior serious
shallow shared short silk silver simple single slate slim slow small smoked smoky smooth snowy soft
solar sour south spicy spring square steel stormy stout strict sturdy summer sunday sunny sweet
tall tan teal tender third thursday timid tin tiny triple tropical tuesday twin unknown upper urban
vegan velvet violet walnut warm wednesday weekly west wet white wide wind winter wired wireless
wood wool worn yearly yellow""".split()


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
