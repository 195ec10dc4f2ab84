"""Find the tables of a world in its tools: what has keys, what has records, what has neither."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from synth.model import Column, Model, Schema, Table, column_of
from synth.reading import SECRETS, Reading, key_noun, leaves, record_schemas
from synth.vocabulary import nouns, past, singular, stem, tokens

CODE = re.compile(r"['\"#]?(#?[A-Z][A-Za-z_]*-?\d{3,})\b")
NUMBERED = frozenset("number code symbol name sku".split())
TOTALS = frozenset("count total number sum average".split())
RANGES = frozenset(
    """min max start end keyword keywords query text pattern search limit page range longitude
    latitude radius words token option""".split()
)
LIVES = frozenset("pending delivered active draft unpaid paid shipped processed".split())
FIGURES = frozenset("price rating cost longitude latitude amount distance duration".split())
FILLERS = frozenset("and etc the their its other basic detailed information".split())
MENTIONED = re.compile(r"including ([^.\n]+)")
MOVES = frozenset(
    """pay cancel approve reject complete confirm ship deliver suspend resume accept decline
    activate deactivate""".split()
)
STATUSES = frozenset("status success message result state error".split())


def build_model(readings: Sequence[Reading]) -> Model:
    """Return the tables that a domain's tools speak of, and set every reading's subject."""
    model = Model()
    working = [reading for reading in readings if not reading.is_auth]
    for noun in keyed_nouns(working):
        model.tables[noun] = Table(noun, f"{noun}_id")
    add_described(model, working)
    add_nested(model, working)
    for reading in readings:
        reading.keys = keys_of(reading, model)
    links = references(working)
    for reading in working:
        if reading.archetype != "login_status":
            reading.subject = subject_of(reading, model, links)
    for table in model.tables.values():
        settle_key(table, readings)
    for reading in working:
        add_columns(model, reading)
    finish(model, readings)
    return model


def keyed_nouns(readings: Sequence[Reading]) -> list[str]:
    """Return nouns whose keys some tool takes and some tool is named after, or creates."""
    taken: dict[str, None] = {}
    made: dict[str, None] = {}
    for reading in readings:
        for name, schema in reading.params.items():
            noun = key_noun(name, schema.get("description", ""))
            if noun:
                taken.setdefault(noun)
        if reading.archetype == "create":
            for path, name, schema in leaves(reading.response):
                noun = key_noun(name, schema.get("description", ""))
                if noun and path.count(".") == 1:
                    made.setdefault(noun)
    named = {word for reading in readings for word in (*reading.nouns, reading.verb)}
    return [
        noun
        for noun in dict.fromkeys((*taken, *made))
        if all(part in named for part in noun.split("_"))
    ]


def add_described(model: Model, readings: Sequence[Reading]) -> None:
    """Add tables keyed by what a reading tool takes alone: a stock by its symbol."""
    for reading in readings:
        required = reading.required
        if reading.archetype not in ("get", "find") or not reading.heads:
            continue
        noun = reading.heads[-1]
        if noun in NUMBERED or any(noun in known.split("_") for known in model.tables):
            continue
        fields = [f for f in reading.response.get("properties", {}) if not is_total(f)]
        keyed = [p for p in required if set(tokens(p)) & NUMBERED]
        if not keyed or reading.params[keyed[0]].get("type") not in ("string", "integer"):
            continue
        named_after = noun in tokens(keyed[0])
        if named_after or (len(required) == 1 and len(fields) >= 2):
            kind = reading.params[keyed[0]].get("type", "string")
            model.tables[noun] = Table(noun, keyed[0], kind)


def is_total(name: str) -> bool:
    return bool(set(tokens(name)) & TOTALS)


def add_nested(model: Model, readings: Sequence[Reading]) -> None:
    """Add tables for lists of records that no key names: comments of a post, transactions."""
    for reading in readings:
        for name, _ in record_schemas(reading):
            words = nouns(name)
            if not words or table_named(model, words) or table_named(model, reading.nouns[-1:]):
                continue
            part = next(p for _, n, p in leaves(reading.response) if n == name)
            if part.get("items"):
                table = Table(words[-1], "row_id", "integer", hidden_key=True)
                table.parent = next((k for k in keys_of(reading, model).values()), "")
                model.tables[words[-1]] = table


def table_named(model: Model, words: Sequence[str]) -> str:
    """Return the table whose noun is among words; the longest, then the last named."""
    found = [
        (len(noun.split("_")), max(words.index(part) for part in noun.split("_")), noun)
        for noun in model.tables
        if all(part in words for part in noun.split("_"))
    ]
    return max(found)[2] if found else ""


def keys_of(reading: Reading, model: Model) -> dict[str, str]:
    """Return the parameters that are keys: {parameter: table}."""
    found = {}
    for name, schema in reading.params.items():
        noun = key_noun(name, schema.get("description", ""))
        if noun in model.tables:
            found[name] = noun
            continue
        for table in model.tables.values():
            if name == table.key and not table.hidden_key:
                found[name] = table.name
    return found


def references(readings: Sequence[Reading]) -> dict[str, set[str]]:
    """Return which tables the rows of a table refer to, from the keys that creating it takes."""
    found: dict[str, set[str]] = {}
    for reading in readings:
        if reading.archetype == "create":
            for word in (*reading.nouns, reading.verb):
                found.setdefault(word, set()).update(reading.keys.values())
    return found


def subject_of(reading: Reading, model: Model, links: Mapping[str, set[str]]) -> str:
    """Return the table a tool is about."""
    if reading.archetype == "create":
        made = created(reading, model)
        if made:
            return made
    named = table_named(model, reading.heads) or table_named(model, reading.nouns)
    for table in model.tables.values():
        if not named and reading.heads and reading.heads[-1] == table.key:
            named = table.name
    direct = [t for p, t in reading.keys.items() if reading.params[p].get("type") != "array"]
    if named and (named in direct or not direct or reading.archetype in ("create", "list")):
        return named
    if named and set(direct) <= links.get(named, set()) | {model.tables[named].parent}:
        return named
    for name, _ in record_schemas(reading):
        found = table_named(model, nouns(name))
        if found:
            return found
    shown = [t for _, n, p in leaves(reading.response) if (t := key_noun(n)) in direct]
    if shown:
        return shown[0]
    if direct:
        inside = [noun for noun in direct if set(noun.split("_")) & set(reading.nouns)]
        return (inside or direct)[-1]
    return named


def created(reading: Reading, model: Model) -> str:
    """Return the table whose new key a creating tool returns, or that its verb names."""
    for path, name, schema in leaves(reading.response):
        noun = key_noun(name, schema.get("description", ""))
        if noun in model.tables and noun not in reading.keys.values() and path.count(".") == 1:
            return noun
    return reading.verb if reading.verb in model.tables else ""


def settle_key(table: Table, readings: Sequence[Reading]) -> None:
    """Choose the key column's name, type and form: `id` where records call it so."""
    for reading in readings:
        if reading.subject == table.name and not table.hidden_key:
            for _, schema in record_schemas(reading):
                if "id" in schema.get("properties", {}):
                    table.key = "id"
    for reading in readings:
        for name, noun in reading.keys.items():
            schema = reading.params[name]
            if noun != table.name or schema.get("type") == "array":
                continue
            kind = schema.get("type", "string")
            table.key_type = kind if isinstance(kind, str) else "string"
            text = schema.get("description", "")
            found = CODE.search(text) or re.search(r"such as '([^']+)'", text)
            table.example = table.example or (found.group(1) if found else "")
        for path, name, schema in leaves(reading.response):
            if key_noun(name, schema.get("description", "")) == table.name and path.count(".") < 3:
                table.key_type = schema.get("type", table.key_type)
    table.columns = {table.key: Column(table.key, table.key_type)}


def add_columns(model: Model, reading: Reading) -> None:
    """Add the fields that a tool's parameters and result give its subject, or the state."""
    table = model.tables.get(reading.subject)
    for name, schema in record_schemas(reading):
        home = table if not name else model.tables.get(table_named(model, nouns(name))) or table
        if home is not None and is_record(schema, home, name):
            for field, part in schema["properties"].items():
                if not is_total(field):
                    add_field(model, home, field, part)
    if table is not None and reading.archetype in ("create", "update"):
        add_parameters(model, table, reading)
    if table is not None and reading.archetype in ("get", "find", "list"):
        add_filters(table, reading)
        add_mentioned(model, table, reading)


def add_filters(table: Table, reading: Reading) -> None:
    """Add what rows are found by: email, zip, sector; not ranges, keywords, amounts shown."""
    for name, schema in reading.params.items():
        words = set(tokens(name))
        kind = schema.get("type", "string")
        known = table.find(name) or name in reading.keys or SECRETS & words
        if known or words & RANGES or kind not in ("string", "integer"):
            continue
        if not any(words <= set(tokens(other)) for other in table.columns if other != table.key):
            column = column_of(name, schema)
            column.hidden = True
            table.add(column)


def add_mentioned(model: Model, table: Table, reading: Reading) -> None:
    """Add the fields that a description lists: "information including rating, address, tags"."""
    if table.name not in reading.keys.values() or reading.response:
        return
    found = MENTIONED.search(reading.about)
    if found is None:
        return
    for part in re.split(r",| and ", found.group(1)):
        words = [w for w in re.findall(r"[a-z]+", part.lower()) if w not in FILLERS]
        if not words or len(words) > 3:
            continue
        while len(words) > 1 and words[0] in table.name.split("_"):
            words = words[1:]
        name = "_".join(words)
        noun = key_noun(name)
        listed = "_".join(singular(word) for word in words)
        if listed in model.tables and listed != name:
            table.add(Column(name, "array", refers=listed, about="rule"))
            continue
        if name in ("id", table.key) or noun == table.name:
            continue
        kind = "array" if {"list", "tags"} & set(words) else "string"
        kind = "number" if FIGURES & set(words) else kind
        column = Column(name, kind, about="rule")
        column.refers = noun if noun in model.tables else ""
        table.add(column)


def is_record(schema: Schema, table: Table, name: str) -> bool:
    """Tell a record from a report on what was done: it has more than statuses and totals."""
    fields = [
        f
        for f in schema.get("properties", {})
        if not is_total(f) and not STATUSES & set(tokens(f)) and key_noun(f) != table.name
    ]
    if not fields:
        return False
    return bool(name) or len(fields) >= 2 or "id" in schema.get("properties", {})


def add_field(model: Model, table: Table, name: str, schema: Schema) -> None:
    noun = key_noun(name, schema.get("description", ""))
    reports = schema.get("type") == "boolean" and STATUSES & set(tokens(name))
    if noun == table.name or name == table.key or schema.get("properties") or reports:
        return
    column = column_of(name, schema)
    column.refers = noun if noun in model.tables else ""
    table.add(column)


def add_parameters(model: Model, table: Table, reading: Reading) -> None:
    """Add what a creating or changing tool sets: plain values, references, composites."""
    own = [p for p in reading.params if reading.keys.get(p) != table.name]
    own = [p for p in own if not SECRETS & set(tokens(p))]
    composite = composite_of(table, reading, own, model.tables)
    if composite:
        table.add(Column(composite, "object", parts=tuple(own)))
        return
    for name in own:
        schema = reading.params[name]
        if (
            schema.get("properties")
            and reading.archetype == "update"
            and schema["type"] == "object"
        ):
            for field, part in schema["properties"].items():
                add_field(model, table, field, part)
            continue
        column = column_of(strip_noun(name, table), schema)
        if list_like(column, table):
            continue
        column.refers = reading.keys.get(name, "")
        table.add(column)


def composite_of(table: Table, reading: Reading, own: Sequence[str], tables: Iterable[str]) -> str:
    """Return the field that several parameters make up: `modify_user_address(city, zip, …)`."""
    if reading.archetype != "update" or len(own) < 3 or not reading.nouns:
        return ""
    last = reading.nouns[-1]
    taken = {word for noun in tables for word in noun.split("_")}
    if last in taken or any(last == singular(p) for p in own):
        return ""
    known = sum(1 for p in own if table.find(p))
    return "" if known * 2 > len(own) else last


def list_like(column: Column, table: Table) -> Column | None:
    """Return the list that a list of other name adds to: `mentioned_usernames` -> `mentions`."""
    words = {stem(singular(word)) for word in tokens(column.name)}
    for other in table.columns.values():
        if column.type == other.type == "array" and other.name != column.name:
            if {stem(singular(word)) for word in tokens(other.name)} <= words:
                return other
    return None


def strip_noun(name: str, table: Table) -> str:
    """Drop the table's noun from a parameter: `comment_content` is a comment's `content`."""
    rest = name.removeprefix(f"{table.name}_")
    return rest if table.hidden_key else name


def finish(model: Model, readings: Sequence[Reading]) -> None:
    """Settle counters, parents' references, key examples, statuses and what has no key."""
    codes = [code for reading in readings for code in CODE.findall(texts_of(reading))]
    texts = [t for t in model.tables.values() if t.key_type == "string" and not t.hidden_key]
    for table in model.tables.values():
        own = [r for r in readings if r.subject == table.name]
        if table.parent:
            parent = model.tables[table.parent]
            table.add(Column(f"{parent.name}_id", parent.key_type, refers=parent.name))
        creators = [r for r in own if r.archetype == "create"]
        if creators and table.key_type == "integer" and not table.hidden_key:
            table.counted = True
            model.state.add(Column(f"{table.name}_counter", "integer"))
        if not table.example and codes and texts == [table]:
            table.example = codes[0]
        add_status(table, own)
    add_state(model, readings)


def add_status(table: Table, own: Sequence[Reading]) -> None:
    """Add a status where tools move rows through a life that no result documents."""
    if any(r.record.response_origin == "given" and list(record_schemas(r)) for r in own):
        return
    moved = [r for r in own if r.verb in MOVES or said_status(r)]
    said = [word for r in own for word in tokens(r.name) if word in LIVES]
    if table.find("status") is None and (moved or said):
        options = dict.fromkeys([*(said or ["open"]), *(said_status(r) for r in own)])
        options |= dict.fromkeys(
            past(r.verb) for r in own if r.verb in MOVES and not said_status(r)
        )
        table.add(Column("status", "string", tuple(filter(None, options)), about="rule"))


def said_status(reading: Reading) -> str:
    """Return the status that a description says follows."""
    found = re.search(
        r"status (?:to|will be changed to|becomes) '?([A-Za-z ]+?)'?[.,;\n]", reading.about
    )
    return found.group(1).strip() if found else ""


def add_state(model: Model, readings: Sequence[Reading]) -> None:
    """Add to the one-row table what tools without a subject show and set."""
    for reading in readings:
        options = [p for p, schema in reading.params.items() if schema.get("enum")]
        wrapped = any(part.get("properties") for _, _, part in leaves(reading.response))
        asks = len(options) == len(reading.params) and (not options or wrapped)
        shows = reading.archetype in ("get", "list", "find") and asks
        if reading.subject or not (shows or reading.archetype in ("update", "create", "delete")):
            continue
        for _, name, schema in shown_values(reading.response):
            add_state_field(model.state, name, schema)
        if reading.archetype in ("update", "create"):
            for name, schema in reading.params.items():
                add_setting(model, reading, name, schema)


def shown_values(schema: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Walk the values of a result: wrappers are entered, values with parts are whole."""
    for path, name, part in leaves({**schema, "items": None}):
        inside = any(path.startswith(f"{whole}.") for whole in wholes(schema))
        if not inside and not (part.get("properties") and has_leaves(part)):
            yield path, name, part


def wholes(schema: Schema) -> list[str]:
    return [p for p, _, part in leaves(schema) if part.get("properties") and not has_leaves(part)]


def add_state_field(state: Table, name: str, schema: Schema) -> None:
    """Add a shown field, under the name it is first shown by; one description is one field."""
    words = set(tokens(name))
    reports = schema.get("type") == "boolean" and STATUSES & words
    if words <= STATUSES | {"notification"} or reports:
        return
    about = plain_about(schema)
    for column in state.columns.values():
        if about and column.about == about and column.type == schema.get("type"):
            return
    plain = re.sub(r"^(?:_+|new_|updated_)", "", name)
    column = column_of(plain, schema)
    column.about = about
    state.add(column)


def has_leaves(schema: Schema) -> bool:
    """Tell a wrapper from a value with parts: the parts of a value are alike and closed."""
    parts = list(schema["properties"].values())
    options = [tuple(part.get("enum", ())) for part in parts]
    return not (len(parts) > 1 and options[0] and len(set(options)) == 1)


def plain_about(schema: Schema) -> str:
    return str(schema.get("description", "")).replace("[Optional]", "").strip()


def add_setting(model: Model, reading: Reading, name: str, schema: Schema) -> None:
    """Add what a parameter sets when the result shows nothing that could be it."""
    shown = [n for _, n, p in leaves(reading.response) if not set(tokens(n)) <= STATUSES]
    if not shown and schema.get("type") != "boolean" and reading.verb in ("set", "change"):
        model.state.add(column_of(name, schema))


def texts_of(reading: Reading) -> str:
    parts = [reading.about, *(str(s.get("description", "")) for s in reading.params.values())]
    parts += [str(part.get("description", "")) for _, _, part in leaves(reading.response)]
    return " ".join(parts)
