"""Makes mutants of the hardware library from its syntax tree, many of them in one build.

A mutant is one small edit of one expression or statement. Mutants of code that runs (not of
parameters, ranges or generate conditions) are woven into one copy of the library as alternatives:

    a < b   becomes   ((alive::mutant == 17) ? (a <= b) : (a < b))

so one Verilator build holds them all, and the plusarg ``mutant`` says which one is alive; without
it none is. What must be constant at elaboration cannot be chosen at run time: such a mutant
is a plain edit (``apply``) and a build of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyslang.syntax import SyntaxTree

PACKAGE_NAME = "alive"  # sorts before every module, as a package must come first
PACKAGE = """\
// Which of the woven mutants is alive: plusarg +mutant=N, none by default.
package alive;
  function automatic int chosen();
    int number;
    if (!$value$plusargs("mutant=%d", number)) number = 0;
    return number;
  endfunction
  int mutant = chosen();
endpackage
"""

_SWAPS = {
    "LessThanExpression": ("<=", ">="),
    "LessThanEqualExpression": ("<", ">"),
    "GreaterThanExpression": (">=", "<="),
    "GreaterThanEqualExpression": (">", "<"),
    "EqualityExpression": ("!=",),
    "InequalityExpression": ("==",),
    "AddExpression": ("-",),
    "SubtractExpression": ("+",),
    "MultiplyExpression": ("+",),
    "LogicalAndExpression": ("||",),
    "LogicalOrExpression": ("&&",),
    "BinaryAndExpression": ("|", "^"),
    "BinaryOrExpression": ("&", "^"),
    "BinaryXorExpression": ("&", "|"),
    "LogicalShiftLeftExpression": (">>",),
    "LogicalShiftRightExpression": ("<<",),
    "ArithmeticShiftRightExpression": (">>", "<<<"),
}
_CONSTANT = {
    "ParameterDeclaration", "ParameterDeclarationStatement", "ParameterValueAssignment", "VariableDimension",
    "RangeDimensionSpecifier", "TypedefDeclaration",
}  # fmt: skip
"""Nodes below which everything is fixed at elaboration."""
_SKIPPED = {"ElabSystemTask", "AnsiPortList", "AttributeInstance", "InitialBlock"}
"""Nodes that are not mutated: messages, ports, attributes, memory images."""


@dataclass(frozen=True)
class Mutant:
    """Characters ``start`` to ``end`` of ``module``.sv become ``new``.

    ``woven``: whether it can live in a common build.
    """

    module: str
    start: int
    end: int
    old: str
    new: str
    operator: str
    line: int
    woven: bool

    @property
    def name(self) -> str:
        """The same for the same edit of the same text: module, line, operator, and the edit."""
        return f"{self.module}:{self.line} {self.operator}: {' '.join(self.old.split())} -> {self.new}"


def _children(node: Any) -> Iterator[Any]:
    return (child for child in node if child is not None and hasattr(child, "sourceRange"))


def _span(node: Any) -> tuple[int, int]:
    return node.sourceRange.start.offset, node.sourceRange.end.offset


class _Walk:
    """One file's mutants, found on the way down its syntax tree."""

    def __init__(self, module: str, text: str) -> None:
        self.module = module
        self.data = text.encode()
        self.found: list[Mutant] = []
        self._root = SyntaxTree.fromText(text).root
        self.constant_functions = self._called_at_elaboration()

    def text(self, node: Any) -> str:
        start, end = _span(node)
        return self.data[start:end].decode()

    def mutants(self) -> list[Mutant]:
        self._visit(self._root, constant=False)
        return self.found

    def _called_at_elaboration(self) -> set[str]:
        """Functions of which a parameter, a generate condition or another such function is made."""
        calls: dict[str, set[str]] = {}
        fixed: set[str] = set()

        def walk(node: Any, inside: str, constant: bool) -> None:
            kind = node.kind.name
            if kind == "FunctionDeclaration":
                inside = self.text(node.prototype.name)
                calls.setdefault(inside, set())
            constant = constant or kind in _CONSTANT
            if kind == "InvocationExpression":
                name = self.text(node.left)
                (fixed if constant else calls.setdefault(inside, set())).add(name)
            for child in _children(node):
                if not hasattr(child, "kind") or not hasattr(child, "__iter__"):
                    continue
                condition = kind == "IfGenerate" and child is node.condition
                walk(child, inside, constant or condition)

        walk(self._root, "", False)
        while True:
            more = {callee for name in fixed for callee in calls.get(name, ())} - fixed
            if not more:
                return fixed
            fixed |= more

    def lines(self, functions: set[str]) -> set[int]:
        """Numbers of the lines of some functions."""
        found: set[int] = set()
        for node in _descend(self._root):
            if node.kind.name == "FunctionDeclaration" and self.text(node.prototype.name) in functions:
                first, last = (self.data[:place].count(b"\n") + 1 for place in _span(node))
                found.update(range(first, last + 1))
        return found

    def _plain_default(self, node: Any) -> bool:
        return not any(n.kind.name.endswith("Name") for n in _descend(node) if n.kind.name != "Declarator")

    def _add(self, node: Any, new: str, operator: str, woven: bool) -> None:
        start, end = _span(node)
        line = self.data[:start].count(b"\n") + 1
        self.found.append(Mutant(self.module, start, end, self.text(node), new, operator, line, woven))

    def _visit(self, node: Any, constant: bool) -> None:
        kind = node.kind.name
        if kind in _SKIPPED:
            return
        if kind == "ContinuousAssign" and self.text(node).split("=")[0].split()[-1].startswith("unused"):
            return  # there for lint alone
        if kind == "IfGenerate" and "ElabSystemTask" in str([c.kind.name for c in _descend(node.block)]):
            return  # a parameter check
        if kind == "FunctionDeclaration" and self.text(node.prototype.name) in self.constant_functions:
            constant = True
        if kind in _CONSTANT:
            constant = True
        if kind == "ParameterDeclaration" and self._plain_default(node):
            return  # every bench sets it
        self._mutate(node, kind, constant)
        for child in _children(node):
            if not hasattr(child, "__iter__"):
                continue
            fixed = constant
            if kind == "IfGenerate" and child is node.condition:
                fixed = True
            if kind == "LoopGenerate" and child is not node.block:
                fixed = True
            if kind == "CastExpression" and child is node.left:
                continue  # widths are Verilator's and slang's to check
            if kind == "ForLoopStatement" and child is not node.statement:
                fixed = True  # the loop is unrolled
            if kind == "MultipleConcatenationExpression" and child is node.expression:
                fixed = True
            if kind == "SimpleRangeSelect" or (kind == "AscendingRangeSelect" and child is node.right):
                fixed = True  # of "from +: width" only the width
            if kind in ("AssignmentExpression", "NonblockingAssignmentExpression") and child is node.left:
                fixed = True
            if kind == "ScopedName" and child is node.left:
                fixed = True  # which block of a generate loop
            if kind == "EventControlWithExpression":
                continue
            self._visit(child, fixed)

    def _mutate(self, node: Any, kind: str, constant: bool) -> None:
        woven = not constant
        if kind in _SWAPS:
            left, right = self.text(node.left), self.text(node.right)
            for operator in _SWAPS[kind]:
                self._add(node, f"({left}) {operator} ({right})", "operator", woven)
        elif kind == "UnaryLogicalNotExpression" or kind == "UnaryBitwiseNotExpression":
            self._add(node, f"({self.text(node.operand)})", "not dropped", woven)
        elif kind == "ConditionalPredicate":
            self._add(node, f"!({self.text(node)})", "condition negated", woven)
        elif kind == "IntegerLiteralExpression":
            value = int(self.text(node).replace("_", ""))
            self._add(node, str(value + 1), "constant", woven)
            if value > 0:
                self._add(node, str(value - 1), "constant", woven)
        elif kind == "IntegerVectorExpression" and "'b" in self.text(node):
            size, digits = self.text(node).replace(" ", "").split("'b")
            if set(digits) <= {"0", "1"}:
                flipped = digits[:-1] + ("0" if digits[-1] == "1" else "1")
                self._add(node, f"{size}'b{flipped}", "constant", woven)
        elif kind == "UnbasedUnsizedLiteralExpression":
            self._add(node, "'1" if self.text(node) == "'0" else "'0", "constant", woven)
        elif kind == "ExpressionStatement" and woven:
            expression = node.expr.kind.name
            if expression == "NonblockingAssignmentExpression":
                self._add(node, ";", "assignment removed", True)


def _descend(node: Any) -> Iterator[Any]:
    yield node
    for child in _children(node):
        if hasattr(child, "__iter__"):
            yield from _descend(child)


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of one file of the library, in the order of the text; none of a generated file."""
    if "do not edit" in path.read_text().partition("\nmodule")[0]:
        return []
    found = _Walk(path.stem, path.read_text()).mutants()
    return sorted(set(found), key=lambda m: (m.start, m.end, m.new))


def elaboration_lines(path: Path) -> set[int]:
    """Lines of the functions in ``path`` that parameters and generate conditions are made of."""
    walk = _Walk(path.stem, path.read_text())
    return walk.lines(walk.constant_functions)


def apply(mutant: Mutant, rtl: Path) -> None:
    """Edit the copy of the library in ``rtl``."""
    path = rtl / f"{mutant.module}.sv"
    data = path.read_bytes()
    assert data[mutant.start : mutant.end].decode() == mutant.old, (
        f"{path.name} is not what {mutant} was made of"
    )
    path.write_bytes(data[: mutant.start] + mutant.new.encode() + data[mutant.end :])


def weave(mutants: Sequence[tuple[int, Mutant]], rtl: Path) -> None:
    """Put all numbered mutants of code that runs into the copy in ``rtl``, none of them alive."""
    for path in sorted(rtl.glob("*.sv")):
        mine = [(number, m) for number, m in mutants if m.module == path.stem]
        if mine:
            data = path.read_bytes()
            path.write_text(_woven(data, 0, len(data), mine))
    (rtl / f"{PACKAGE_NAME}.sv").write_text(PACKAGE)


def _woven(data: bytes, start: int, end: int, mutants: list[tuple[int, Mutant]]) -> str:
    """data[start:end] with the mutants inside it; an outer one's alternative holds no inner one."""
    text, at = [], start
    spans = sorted({(m.start, m.end) for _, m in mutants}, key=lambda span: (span[0], -span[1]))
    for begin, stop in spans:
        if begin < at:
            continue  # inside one that is done
        text.append(data[at:begin].decode())
        inside = [(n, m) for n, m in mutants if begin <= m.start and m.end <= stop]
        here = [(n, m) for n, m in inside if (m.start, m.end) == (begin, stop)]
        rest = [(n, m) for n, m in inside if (m.start, m.end) != (begin, stop)]
        woven = _woven(data, begin, stop, rest)
        for number, mutant in here:
            if mutant.operator == "assignment removed":
                woven = f"begin if (alive::mutant != {number}) {woven} end"
            else:
                woven = f"((alive::mutant == {number}) ? ({mutant.new}) : ({woven}))"
        text.append(woven)
        at = stop
    text.append(data[at:end].decode())
    return "".join(text)
