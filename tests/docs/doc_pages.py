"""The pages for readers: their links, anchors, command lines and Python examples."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [README, ROOT / "CONTRIBUTING.md", *DOCS]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def name(page: Path) -> str:
    """Return the path of a page below the tree."""
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """Return a page without its code."""
    return re.sub(r"`[^`\n]+`", "`-`", _FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> list[tuple[Path, str]]:
    """Return file and anchor of each link of a page that leads into the tree."""
    targets = (t for t in _LINK.findall(prose(page)) if "://" not in t)
    pairs = (target.partition("#")[::2] for target in targets)
    return [((page.parent / file).resolve() if file else page, anchor) for file, anchor in pairs]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, made as GitHub makes them."""
    seen: dict[str, int] = {}
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        seen[slug] = seen.get(slug, -1) + 1
        if seen[slug]:
            seen[f"{slug}-{seen[slug]}"] = 0
    return set(seen)


def python_blocks(page: Path) -> list[str]:
    """Return the Python examples of a page."""
    text = page.read_text(encoding="utf-8")
    return [body for language, body in _FENCE.findall(text) if language == "python"]


def command_lines(page: Path) -> list[str]:
    """Return the command lines of a page that begin with ``mimicry``: in code, or set apart."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    inline = re.findall(r"(?<!`)`(mimicry [^`]+)`(?!`)", text)
    fenced = "\n".join(body for _, body in _FENCE.findall(text))
    apart = re.findall(r"^ {4}(mimicry [a-z-].*)$", text, re.MULTILINE)
    apart += re.findall(r"^(mimicry [a-z-].*)$", fenced, re.MULTILINE)
    return [" ".join(line.partition(" #")[0].split()) for line in (*inline, *apart)]
