"""The places of the source where a single fault can be put, and a sample of them.

Faults: comparisons, arithmetic, ``and``/``or``, ``not`` and signs, numbers, truth values, ends of
slices, functions and words that come in pairs (``min``/``max``, ``"less"``/``"greater"``), values
returned, words that are defaults, dictionary values or hand-typed lists. Messages are left alone.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PACKAGE", "ROOT", "Finder", "Mutant", "sample"]

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "mimicry"

COMPARE = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"),
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"), ast.Mod: ("%", "*"), ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
}  # fmt: skip
_PAIRS = "min max, argmin argmax, nanmin nanmax, minimum maximum, floor ceil, any all, left right"
NAMES = {a: b for pair in _PAIRS.split(", ") for a, b in [pair.split(), pair.split()[::-1]]}
WORDS = {"left": "right", "right": "left", "less": "greater", "greater": "less"}
TEXT_OF = {"echo", "print", "warn", "Option", "Argument", "Field", "TypeVar", "getLogger"}


@dataclass(frozen=True)
class Mutant:
    """One fault: where it is, and the changed text of the file."""

    file: str
    function: str
    source: str
    replacement: str
    line: int
    kind: str
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names it, wherever its line goes."""
        return (self.file, self.function, self.source, self.replacement)


class Finder(ast.NodeVisitor):
    """Collects the places of one file where a fault can be put, with the changed text."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.where: list[str] = []
        self.places: list[list[Mutant]] = []
        self.visit(ast.parse(text))

    def at(self, line: int, column: int) -> int:
        """Offset in the text of a line and a column counted in UTF-8 bytes."""
        before = self.lines[line - 1].encode()[:column].decode()
        return self.starts[line - 1] + len(before)

    def span(self, node: ast.expr) -> tuple[int, int]:
        """First and last offset of a node."""
        return (
            self.at(node.lineno, node.col_offset),
            self.at(node.end_lineno or node.lineno, node.end_col_offset or 0),
        )

    def put(self, kind: str, start: int, end: int, *texts: str) -> None:
        """Note one place and its possible replacements."""
        line = self.text.count("\n", 0, start) + 1
        begin, stop = self.starts[line - 1], self.text.find("\n", end)
        old, made = self.text[begin:stop], []
        for new in dict.fromkeys(texts):
            changed = self.text[begin:start] + new + self.text[end:stop]
            if new != self.text[start:end]:
                whole = self.text[:begin] + changed + self.text[stop:]
                words = (" ".join(old.split()), " ".join(changed.split()))
                made.append(Mutant(self.file, ".".join(self.where), *words, line, kind, whole))
        if made:
            self.places.append(made)

    def between(self, kind: str, left: ast.expr, right: ast.expr, pair: tuple[str, str]) -> None:
        """Note the operator that stands between two nodes."""
        start, end = self.span(left)[1], self.span(right)[0]
        pattern = r"\s+".join(map(re.escape, pair[0].split()))
        match = re.search(rf"(?<![\w<>=!*/]){pattern}(?![\w<>=*/])", self.text[start:end])
        if match:
            self.put(kind, start + match.start(), start + match.end(), pair[1])

    def inside(self, node: Any) -> None:
        """Visit a function or class without its annotations, decorators and docstring."""
        self.where.append(node.name)
        if not isinstance(node, ast.ClassDef):
            for default in [*node.args.defaults, *node.args.kw_defaults]:
                if default is not None:
                    self.default(default)
        for statement in node.body:
            self.visit(statement)
        self.where.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = inside

    def default(self, node: ast.expr) -> None:
        """Note a keyword default; words are changed too."""
        self.word("default", node)
        self.visit(node)

    def word(self, kind: str, node: ast.expr) -> None:
        """Note a text that is a name and no message."""
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and re.fullmatch(r"[\w.+-]+", text):
            self.put(kind, *self.span(node), repr(WORDS.get(text, text + "_")))

    def visit_Raise(self, node: ast.Raise) -> None:
        """Messages are no behaviour here."""

    visit_Assert = visit_JoinedStr = visit_Import = visit_ImportFrom = visit_Raise

    def visit_If(self, node: ast.If) -> None:
        """Skip what is only there for type checkers."""
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Skip lists of names; take words of hand-typed tables."""
        name = node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""
        if name == "__all__":
            return
        if not self.where and isinstance(node.value, ast.Tuple | ast.List):
            for each in node.value.elts:
                self.word("hand-typed", each)
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Leave the annotation out."""
        if node.value is not None:
            self.default(node.value)

    def visit_Dict(self, node: ast.Dict) -> None:
        """Take words that are values."""
        for value in node.values:
            self.word("dictionary value", value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Swap functions that come in pairs; skip calls that only make text."""
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in TEXT_OF or name.endswith("Error"):
            return
        if name in NAMES:
            end = self.span(node.func)[1]
            self.put("function", end - len(name), end, NAMES[name])
        for word in [*node.args, *(k.value for k in node.keywords)]:
            if isinstance(word, ast.Constant) and word.value in tuple(WORDS):
                self.word("direction", word)
        node.keywords = [k for k in node.keywords if k.arg != "strict"]  # of zip: a guard
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Change each comparison."""
        sides = [node.left, *node.comparators]
        for k, operator in enumerate(node.ops):
            self.between("comparison", sides[k], sides[k + 1], COMPARE[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Change arithmetic, but neither joined texts nor unions of types."""
        text = any(
            isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str)
            for side in (node.left, node.right)
        )
        if type(node.op) in ARITHMETIC and not text:
            self.between("arithmetic", node.left, node.right, ARITHMETIC[type(node.op)])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Swap ``and`` with ``or``."""
        pair = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        self.between("and/or", node.values[0], node.values[1], pair)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Drop a ``not`` or a minus."""
        start, inner = self.span(node)[0], self.span(node.operand)[0]
        if isinstance(node.op, ast.Not | ast.USub | ast.Invert):
            self.put("not" if isinstance(node.op, ast.Not) else "sign", start, inner, "")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        """Return nothing, or no number."""
        if node.value is not None and not (
            isinstance(node.value, ast.Constant) and node.value.value is None
        ):
            self.put("return", *self.span(node.value), "None", 'float("nan")')
            self.visit(node.value)

    def visit_Slice(self, node: ast.Slice) -> None:
        """Move the ends of slices."""
        for end in (node.lower, node.upper):
            if end is not None and not isinstance(end, ast.Constant):
                start, stop = self.span(end)
                self.put("slice", start, stop, f"({self.text[start:stop]}) + 1")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Change numbers and truth values."""
        start, end = self.span(node)
        if isinstance(node.value, bool):
            self.put("truth", start, end, str(not node.value))
        elif isinstance(node.value, int | float):
            value = node.value
            others = (value + 1, value - 1, 2 * value, 0)
            self.put("number", start, end, *(repr(each) for each in others if each != value))


def in_package(rooms: list[str]) -> Iterator[Path]:
    """Give the source files of rooms (all: no name)."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        if not rooms or parts[0].removesuffix(".py") in rooms:
            yield path


def rank(seed: int, *words: str) -> str:
    """Return what orders a draw: a hash of the seed and the words."""
    return hashlib.sha256("\0".join((str(seed), *words)).encode()).hexdigest()


def sample(rooms: list[str], count: int, seed: int) -> list[Mutant]:
    """Draw `count` places over the rooms, and one fault for each."""
    drawn = []
    for path in in_package(rooms):
        file = path.relative_to(PACKAGE).as_posix()
        for place in Finder(file, path.read_text(encoding="utf-8")).places:
            mutant = min(place, key=lambda m: rank(seed, *m.key))
            drawn.append((rank(seed, *mutant.key, "place"), mutant))
    drawn.sort(key=lambda pair: pair[0])
    return list({m.key: m for _, m in drawn}.values())[:count]
