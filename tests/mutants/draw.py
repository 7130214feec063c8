# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw mutants of some folders: draw.py STAGE NUMBER SEED PATH..., which prints a list in JSON.

A mutant is a copy of one file in which one operator of cosmic-ray has changed one place. First a place is drawn, all
with the same chance, and then one of the changes that the operators have for it. A draw by changes would mostly give
``+`` and ``|``, which have eleven replacements each, and nearly all of those end in a TypeError.

What cannot be told from the original by any test is not drawn; see ``left_out``. Needs cosmic-ray, and so runs in an
environment of its own.
"""

from __future__ import annotations

import ast
import hashlib
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

Position = tuple[int, int]
# The operators that take arguments would have to be told names of variables.
OPERATORS = {name: made for name in OperatorProvider() if not (made := OperatorProvider()[name]).arguments()}
# A comparison becomes one of its own sort. Between sorts, the change is none (strings are mostly one object for each
# value, so == and is say the same), or a mistake that nobody makes (< for == with words).
SORTS = (("Eq", "NotEq"), ("Is", "IsNot"), ("Lt", "LtE", "Gt", "GtE"))
COMPARISON = "ReplaceComparisonOperator_"
# Asking an operator costs time, and most nodes are of no interest to any.
NODES = {"comparison", "not_test", "factor", "if_stmt", "while_stmt", "assert_stmt", "test", "for_stmt"}
NODES |= {"except_clause", "decorator", "number"}
WORDS = {"True", "False", "and", "or", "break", "continue"}
WORDS |= {"+", "-", "*", "/", "//", "%", "**", ">>", "<<", "|", "&", "^"}
# Without these a program does the same, only slower, or a mistake of its author is not noticed.
DECORATORS = {"cache", "lru_cache", "cached_property", "abstractmethod", "overload", "override", "final"}
GUARDS = {"frozen", "slots", "repr"}


def left_out(tree: ast.Module) -> Iterator[ast.AST]:
    """The parts of a module in which no place is drawn.

    Annotations, what only a type checker reads, decorators that cache or that check an author, what a dataclass says
    for its author (``frozen``, ``slots``, ``repr``), and that lists are of one length (``strict=True`` of zip).
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.annotation
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
                yield node.returns
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if ast.unparse(called).rpartition(".")[2] in DECORATORS:
                    yield decorator
                if isinstance(decorator, ast.Call):
                    yield from (word for word in decorator.keywords if word.arg in GUARDS)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "zip":
            yield from (word for word in node.keywords if ast.unparse(word) == "strict=True")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("cast", "TypeVar", "NewType") and node.args:
            yield node.args[0]


def ranges(text: str) -> list[tuple[Position, Position]]:
    """From where to where the parts of a module go that are left out: pairs of (line, column)."""
    lines = text.splitlines()

    def column(line: int, offset: int) -> int:
        return len(lines[line - 1].encode()[:offset].decode())  # ast counts bytes

    return [
        (
            (part.lineno, column(part.lineno, part.col_offset)),
            (part.end_lineno, column(part.end_lineno, part.end_col_offset)),
        )
        for part in left_out(ast.parse(text))
    ]


def is_likely(name: str) -> bool:
    """Whether an operator makes a mistake that somebody could make."""
    if not name.startswith(COMPARISON):
        return True
    return any({*name.removeprefix(COMPARISON).split("_")} <= set(sort) for sort in SORTS)


def places(text: str) -> dict[tuple[Position, Position], list[tuple[str, int]]]:
    """For each place of a module that operators change: the name of the operator, and which of its places this is."""
    found: dict[tuple[Position, Position], list[tuple[str, int]]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    operators = {name: made() for name, made in OPERATORS.items()}
    nowhere = ranges(text)
    for node in ast_nodes(get_ast(text)):
        if node.type not in NODES and getattr(node, "value", None) not in WORDS:
            continue
        for name, operator in operators.items():
            for start, end in operator.mutation_positions(node):
                counts[name] += 1
                # A decorator begins with its @, before what ast calls the decorator.
                begins = (start[0], start[1] + 1) if node.type == "decorator" else start
                if is_likely(name) and not any(low <= begins < high for low, high in nowhere):
                    found[start, end].append((name, counts[name] - 1))
    return found


def mutated(text: str, changes: list[tuple[str, int]], dice: random.Random) -> tuple[str, str] | None:
    """The name of an operator, and what it makes of a module; None where no change of the place is a program."""
    for name, number in dice.sample(changes, len(changes)):
        try:
            changed = mutate_code(text, OPERATORS[name](), number)
            # A star between parameters looks like a multiplication; and brackets may be all that differs.
            if changed and ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text)):
                compile(changed, "mutant", "exec")
                return name, changed
        except (SyntaxError, AttributeError):  # The latter: the operator for exceptions knows no dotted names.
            pass
    return None


def main(stage: Path, number: int, seed: str, *paths: str) -> None:
    """Print what the module's own text says."""
    files = sorted(
        {
            file
            for path in paths
            for file in ((stage / path).rglob("*.py") if (stage / path).is_dir() else [stage / path])
        }
    )
    texts = {str(file.relative_to(stage)): file.read_text(encoding="utf-8") for file in files}
    at = {name: places(text) for name, text in texts.items()}
    everywhere = sorted((name, place) for name, found in at.items() for place in found)
    dice = random.Random(seed)
    dice.shuffle(everywhere)
    drawn: list[dict[str, object]] = []
    for name, place in everywhere:
        if len(drawn) == number:
            break
        made = mutated(texts[name], at[name][place], dice)
        if made:
            digest = hashlib.sha256(texts[name].encode()).hexdigest()
            drawn.append({"file": name, "of": digest, "line": place[0][0], "operator": made[0], "text": made[1]})
    json.dump({"places": len(everywhere), "mutants": drawn}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], *sys.argv[4:])
