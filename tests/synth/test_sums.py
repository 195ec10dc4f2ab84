import ast
import operator
import random

import pytest

from synth.environments import build_world
from synth.packaging import build_package
from synth.sources import Domain, domain
from synth.specs import read_specs
from synth.sums import value_of
from synth.world import SqlWorld
from tests.fakes.packs import has_pack

SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


@pytest.mark.parametrize(
    ("text", "value"),
    [("2 + 2", 4), ("(240 + 18) / 4", 64.5), ("0.1+0.2", 0.3), ("-3 - -4", 1), (" .5*4 ", 2.0),
     ("1/0", None), ("2**3", None), ("1 +", None), ("(1", None), ("1)", None), ("import os", None),
     ("", None), (7, None), ("9" * 40, None), ("(" * 999, None), ("-" * 999 + "1", None),
     ("1+" * 600 + "1", None)],
)  # fmt: skip
def test_sums_have_a_value_and_other_texts_none(text: object, value: object) -> None:
    assert value_of(text) == value


def test_it_agrees_with_python_on_random_sums() -> None:
    rng = random.Random(0)

    def draw(depth: int) -> str:
        if depth == 0 or rng.random() < 0.3:
            return rng.choice(("", "-")) + str(rng.choice((rng.randint(1, 99), 2.5)))
        return f"({draw(depth - 1)} {rng.choice('+-*/')} {draw(depth - 1)})"

    def expected(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(node.op)]
            return float(SIGNS[sign](expected(node.left), expected(node.right)))
        if isinstance(node, ast.UnaryOp):
            return -expected(node.operand)
        assert isinstance(node, ast.Constant)
        return float(node.value)

    for text in (draw(4) for _ in range(300)):
        try:
            wanted = expected(ast.parse(text, mode="eval").body)
        except ZeroDivisionError:
            assert value_of(text) is None
            continue
        assert value_of(text) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.skipif(not has_pack("tau2"), reason="pack tau2 is not on this machine")
def test_a_world_calculates_by_its_document_alone() -> None:
    package = build_package(domain("tau2_retail")).package
    world = SqlWorld(package.blueprint(next(iter(package.states))))
    assert world.run("calculate", {"expression": "(240 + 18) / 4"}) == "64.5"
    assert all(
        row["expect"] == "ok" for row in package.inputs["calculate"] if row["stratum"] == "complete"
    )


@pytest.mark.parametrize(
    ("about", "fits"),
    [
        ("Evaluate an arithmetic expression.", True),
        ("Evaluate an expression.", False),
        ("Evaluate a mathematical expression with variables.", False),
        ("Evaluate a mathematical expression such as 2 ** 3.", False),
    ],
)
def test_only_a_document_that_speaks_of_sums_is_met(about: str, fits: bool) -> None:
    text = {"type": "string", "description": "The text"}
    parameters = {"type": "object", "properties": {"expression": text}, "required": ["expression"]}
    entry = {"name": "calculate", "description": about, "parameters": parameters}
    world = build_world(Domain("sums", read_specs([entry])))
    assert bool(world.refused) is not fits
