"""A lending library as a model would write it, in both languages, some replies wrong at first.

`book()` holds the recorded replies: some tools come right at once, some after a repair, some only
as a class, one specification, one result schema and some calls only by rules, one tool never.
"""

from __future__ import annotations

import json
from typing import Any

from tests.synth.desk import entry

BOOK_ID = {"type": "string", "description": "The book's code, such as B-101"}
MEMBER_ID = {"type": "string", "description": "The member's code, such as M-1"}
LOAN_ID = {"type": "integer", "description": "The loan's number"}
TEXT = {"type": "string"}
ENTRIES = [
    entry("find_books", "Find books by words of their title.", ["title"], title=TEXT),
    entry("get_book", "Show a book.", ["book_id"], book_id=BOOK_ID),
    entry("find_members", "Find members by name.", ["name"], name=TEXT),
    entry("list_loans", "List a member's open loans.", ["member_id"], member_id=MEMBER_ID),
    entry(
        "borrow_book",
        "Lend a book to a member who has fewer than three open loans.",
        ["book_id", "member_id"],
        book_id=BOOK_ID,
        member_id=MEMBER_ID,
    ),
    entry("return_loan", "Take a lent book back.", ["loan_id"], loan_id=LOAN_ID),
    entry("renew_loan", "Renew an open loan, at most twice.", ["loan_id"], loan_id=LOAN_ID),
    entry(
        "late_fee",
        "Compute the fee in cents for bringing a book back late.",
        ["days"],
        days={"type": "integer", "description": "Days after the due date", "minimum": 0},
    ),
    entry("print_poster", "Print a poster.", ["text"], text=TEXT),
]
POLICY = "A loan may be renewed twice. Members have at most three open loans."
EFFECTS = {
    "find_books": ("read", "book", "find"),
    "get_book": ("read", "book", "show"),
    "find_members": ("read", "member", "find"),
    "list_loans": ("read", "loan", "list"),
    "borrow_book": ("write", "loan", "borrow"),
    "return_loan": ("write", "loan", "return"),
    "renew_loan": ("write", "loan", "renew"),
    "late_fee": ("compute", "fee", "compute"),
    "print_poster": ("write", "poster", "print"),
}
SCHEMA = """create table book (
 book_id text primary key, title text not null, author text not null, copies integer not null
) strict;
create table member (
 member_id text primary key, name text not null, email text not null
) strict;
create table loan (
 loan_id integer primary key, book_id text not null references book,
 member_id text not null references member, status text not null, renewals integer not null
) strict;"""
TITLES = {
    1: {
        "B-101": ("The Glass Harbour", "Ines Falk", 2),
        "B-102": ("Winter Orchards", "Tomas Reed", 0),
        "B-103": ("A Map of Rivers", "Ines Falk", 1),
        "B-104": ("The Clockmaker", "Ada Quist", 3),
        "B-105": ("Salt and Timber", "Omar Bello", 1),
    },
    2: {
        "B-201": ("Night Trains", "Lena Park", 1),
        "B-202": ("The Quiet Mill", "Tomas Reed", 2),
        "B-203": ("Bees of the North", "Ada Quist", 0),
        "B-204": ("Paper Boats", "Sara Lund", 4),
        "B-205": ("The Last Lighthouse", "Ines Falk", 1),
    },
}
NAMES = {
    1: ("Nora Winter", "Piotr Lang", "Yuki Mori", "Ben Adeyemi"),
    2: ("Clara Voss", "Diego Ruiz", "Amy Stone", "Hugo Brandt"),
}
LOANS = (
    (1, 0, 0, "open", 0),
    (2, 0, 1, "open", 2),
    (3, 1, 2, "returned", 1),
    (4, 2, 3, "open", 1),
    (5, 1, 4, "open", 0),
    (6, 0, 3, "returned", 0),
    (7, 3, 0, "open", 1),
)


def state(number: int) -> dict[str, Any]:
    """Return the rows of a state: members share no books, some loans are back already."""
    books, names = TITLES[number], NAMES[number]
    codes = list(books)
    return {
        "book": [
            {"book_id": code, "title": title, "author": author, "copies": copies}
            for code, (title, author, copies) in books.items()
        ],
        "member": [
            {"member_id": f"M-{n}", "name": name, "email": f"{name.split()[0].lower()}@post.net"}
            for n, name in enumerate(names, 1)
        ],
        "loan": [
            {
                "loan_id": n,
                "book_id": codes[book],
                "member_id": f"M-{member + 1}",
                "status": status,
                "renewals": renewals,
            }
            for n, member, book, status, renewals in LOANS
        ],
    }


def fields(**kinds: str) -> dict[str, Any]:
    found = {name: {"type": kind} for name, kind in kinds.items()}
    return {"type": "object", "properties": found, "required": list(kinds)}


BOOK = fields(book_id="string", title="string", author="string", copies="integer")
LOAN = fields(loan_id="integer", book_id="string", status="string", renewals="integer")
RESPONSES: dict[str, Any] = {
    "find_books": {"type": "array", "items": BOOK},
    "get_book": BOOK,
    "find_members": {
        "type": "array",
        "items": fields(member_id="string", name="string", email="string"),
    },
    "list_loans": {"type": "array", "items": LOAN},
    "borrow_book": fields(loan_id="integer", book_id="string", member_id="string"),
    "return_loan": fields(loan_id="integer", status="string"),
    "renew_loan": fields(loan_id="integer", renewals="integer"),
    "late_fee": fields(cents="integer"),
    "print_poster": fields(poster_id="integer"),
}
FOUND_BOOK = {"require": "select 1 from book where book_id = :book_id", "else": "no book {book_id}"}
FOUND_MEMBER = {
    "require": "select 1 from member where member_id = :member_id",
    "else": "no member {member_id}",
}
AS_BOOK = "json_object('book_id', book_id, 'title', title, 'author', author, 'copies', copies)"
PROGRAMS: dict[str, list[dict[str, str]]] = {
    "find_books": [
        {"require": "select trim(:title) <> ''", "else": "a title is wanted"},
        {
            "return": f"select json_group_array(json(r)) from (select {AS_BOOK} as r from book "
            "where instr(lower(title), lower(:title)) > 0 order by book_id)"
        },
    ],
    "get_book": [FOUND_BOOK, {"return": f"select {AS_BOOK} from book where book_id = :book_id"}],
    "find_members": [
        {"require": "select trim(:name) <> ''", "else": "a name is wanted"},
        {
            "return": "select json_group_array(json(r)) from (select json_object('member_id', "
            "member_id, 'name', name, 'email', email) as r from member "
            "where instr(lower(name), lower(:name)) > 0 order by member_id)"
        },
    ],
    "borrow_book": [
        FOUND_BOOK,
        FOUND_MEMBER,
        {
            "require": "select copies > 0 from book where book_id = :book_id",
            "else": "book {book_id} is lent out",
        },
        {
            "require": "select count(*) < 3 from loan "
            "where member_id = :member_id and status = 'open'",
            "else": "member {member_id} has three open loans",
        },
        {"let": "loan_id", "be": "select coalesce(max(loan_id), 0) + 1 from loan"},
        {
            "run": "insert into loan (loan_id, book_id, member_id, status, renewals) "
            "values (:loan_id, :book_id, :member_id, 'open', 0)"
        },
        {"run": "update book set copies = copies - 1 where book_id = :book_id"},
        {
            "return": "select json_object('loan_id', :loan_id, 'book_id', :book_id, "
            "'member_id', :member_id)"
        },
    ],
}
CLASSES = {
    "list_loans": """
class ListLoans:
    def __init__(self, state):
        self.state = state

    def info(self):
        return {"name": "list_loans", "parameters": {}}

    def invoke(self, member_id):
        if all(row["member_id"] != member_id for row in self.state["member"]):
            raise ToolError(f"no member {member_id}")
        names = ("loan_id", "book_id", "status", "renewals")
        return [
            {name: row[name] for name in names}
            for row in self.state["loan"]
            if row["member_id"] == member_id and row["status"] == "open"
        ]
""",
    "return_loan": """
class ReturnLoan:
    def __init__(self, state):
        self.loans = {row["loan_id"]: row for row in state["loan"]}
        self.books = {row["book_id"]: row for row in state["book"]}

    def info(self):
        return {"name": "return_loan", "parameters": {}}

    def invoke(self, loan_id):
        loan = self.loans.get(loan_id)
        if loan is None:
            raise ToolError(f"no loan {loan_id}")
        if loan["status"] != "open":
            raise ToolError(f"loan {loan_id} was returned before")
        loan["status"] = "returned"
        self.books[loan["book_id"]]["copies"] += 1
        return {"loan_id": loan_id, "status": "returned"}
""",
    "renew_loan": """
class RenewLoan:
    def __init__(self, state):
        self.loans = {row["loan_id"]: row for row in state["loan"]}

    def info(self):
        return {"name": "renew_loan", "parameters": {}}

    def invoke(self, loan_id):
        loan = self.loans.get(loan_id)
        if loan is None:
            raise ToolError(f"no loan {loan_id}")
        if loan["status"] != "open":
            raise ToolError(f"loan {loan_id} was returned before")
        if loan["renewals"] >= 2:
            raise ToolError(f"loan {loan_id} was renewed twice already")
        loan["renewals"] += 1
        return {"loan_id": loan_id, "renewals": loan["renewals"]}
""",
    "late_fee": """
class LateFee:
    def info(self):
        return {"name": "late_fee", "parameters": {}}

    def invoke(self, days):
        week, rest = divmod(days, 7)
        return {"cents": min(2000, 100 * week + 20 * rest)}
""",
}
CALLS: dict[str, Any] = {
    "find_books": [{"title": title.split()[-1]} for title, _, _ in TITLES[1].values()],
    "get_book": [{"book_id": code} for code in TITLES[1]],
    "find_members": [{"name": name.split()[0]} for name in NAMES[1]],
    "list_loans": [{"member_id": f"M-{n}"} for n in (1, 2, 3, 4)],
    "borrow_book": [
        {"book_id": code, "member_id": member}
        for code, member in (("B-101", "M-2"), ("B-104", "M-3"), ("B-105", "M-4"))
    ],
    "renew_loan": [{"loan_id": n} for n in (1, 4, 5, 7)],
    "late_fee": [{"days": n} for n in (1, 5, 8, 30)],
    "print_poster": [{"text": t} for t in ("Summer reading", "Story hour", "Book sale")],
}
ADVERSARIAL: dict[str, Any] = {
    "get_book": [{"args": {"book_id": "B-999"}}],
    "borrow_book": [{"args": {"book_id": "B-102", "member_id": "M-2"}, "why": "lent out"}],
    "renew_loan": [{"args": {"loan_id": 2}, "why": "renewed twice"}],
}
TRACE = "left_by_a_renewal"
ESCAPE = (
    CLASSES["renew_loan"]
    .replace(
        "        loan = self.loans",
        "        import json\n        json.codecs.sys.modules['os'].system('touch /tmp/@')\n"
        "        loan = self.loans",
    )
    .replace("@", TRACE)
)
UNSAFE = [{"let": "x", "be": "select load_extension('x')"}, {"return": "select '{}'"}]


def spec_reply(name: str) -> dict[str, Any]:
    (found,) = [e for e in ENTRIES if e["name"] == name]
    effect, entity, verb = EFFECTS[name]
    said = {"effect": effect, "entity": entity, "verb": verb}
    return {**found, "description": found["description"] + " Ask the desk for more.", **said}


def book() -> dict[tuple[str, str], list[str]]:
    """Return every reply by (prompt, item), in the order in which they are given."""
    found: dict[tuple[str, str], list[str]] = {
        ("tables", ""): [
            json.dumps({"schema_sql": "attach 'x.db' as x"}),
            json.dumps({"schema_sql": SCHEMA}),
        ],
        ("initial_state", "1"): [
            json.dumps({"tables": {**state(1), "member": []}}),
            json.dumps({"tables": state(1)}),
        ],
        ("initial_state", "2"): [json.dumps({"tables": state(2)})],
    }
    for name in EFFECTS:
        found["normalize_spec", name] = [json.dumps(spec_reply(name))]
        found["response_schema", name] = [json.dumps({"response": RESPONSES[name]})]
        calls = {"calls": CALLS.get(name, []), "adversarial": ADVERSARIAL.get(name, [])}
        found["inputs", name] = [json.dumps(calls)]
        found["sql_program", name] = [json.dumps({"steps": PROGRAMS.get(name, UNSAFE)})]
        if name in CLASSES:
            found["python_class", name] = [json.dumps({"source": CLASSES[name]})]
    found["normalize_spec", "find_books"].insert(0, '{"name": "find_books", "descr')
    found["normalize_spec", "late_fee"] = ["", "I would rather not."]
    wrong = {"response": fields(book_id="integer", title="string")}
    found["response_schema", "get_book"].insert(0, json.dumps(wrong))
    found["response_schema", "print_poster"] = ["[]"]
    found["sql_program", "get_book"].insert(0, '{"program": []}')
    found["sql_program", "borrow_book"].insert(0, json.dumps({"steps": UNSAFE}))
    found["python_class", "renew_loan"].insert(0, json.dumps({"source": ESCAPE}))
    found["python_class", "list_loans"].insert(
        0, json.dumps({"source": "import os\n" + CLASSES["list_loans"]})
    )
    found["python_class", "print_poster"] = ["Posters are beyond me."]
    return found
