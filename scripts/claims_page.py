"""Which protocol tests which popular claim, and how many people that takes."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mimicry.analyses.power import people_needed
from mimicry.errors import ProtocolError
from mimicry.files import digest, read_json, write_json, write_text
from mimicry.protocol import Protocol, list_protocols, load_protocol
from mimicry.simulation.scores import cell_trials

__all__ = ["claims_page", "measure_needs", "read_needs", "read_rows"]

_DATA = Path(__file__).parent / "claims"
_HEAD = """\
# Popular claims, and the protocols that test them

Made from the protocol files by `python scripts/claims_page.py --out docs/claims.md`; do not edit
it by hand.

Each row is a claim about copying faces as popular texts put it, in plain words. A protocol can
support it or count against it; it cannot settle more than a visible face can show, and the last
line of a row says what stays open.

**How many people.** The number is what the *primary test* of the named protocol needs for 80 %
power (two-sided .05), if the effect is as large as its file predicts. It comes from simulated
people (2,500 a group) with that protocol's own trials, and is itself uncertain by about
a tenth, for small effects a fifth. Most predicted sizes are guesses (`mimicry protocol show`
tells which): halve the effect, and four times as many people are needed. Where a row uses a
variant with another contrast, take the number as a lower bound. Simulated noise is that of rendered
faces and webcams, so the figures are lower bounds for that reason too.
"""


def read_rows() -> dict[str, dict[str, str]]:
    """Return the claims R01 to R47: claim, known, not_shown and, where there are any, sources."""
    path = _DATA / "rows.yaml"
    rows: dict[str, dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return rows


def read_needs() -> dict[str, dict[str, Any]]:
    """Return the stored result of :func:`measure_needs`."""
    needs: dict[str, dict[str, Any]] = read_json(_DATA / "needs.json")
    return needs


def measure_needs(names: Sequence[str] | None = None, *, n: int = 1000) -> dict[str, Any]:
    """Simulate how many people each protocol needs; `n` simulated people a group.

    Returns
    -------
    dict
        Protocol -> basis (digest of what the numbers depend on), score, people (in all, for
        80 % power), effect (standardised),
        trials (of the primary condition in a cell), session_trials, simulated.
    """
    needs = {}
    for name in names or list_protocols():
        protocol = load_protocol(name)
        people, effect = people_needed(protocol, n=n)
        primary = protocol.file.analysis.primary
        blocks = protocol.file.blocks
        needs[name] = {
            "basis": _basis(protocol),
            "score": primary.score,
            "people": people,
            "effect": round(effect, 2),
            "trials": cell_trials(protocol),
            "session_trials": sum(sum(protocol.trials_per_condition(b).values()) for b in blocks),
            "simulated": n,
        }
    return needs


def claims_page(needs: Mapping[str, Mapping[str, Any]]) -> str:
    """Return ``docs/claims.md``.

    Raises
    ------
    ProtocolError
        When a claim has neither a protocol nor a reason, or a number belongs to another
        version of its protocol.
    """
    protocols = {name: load_protocol(name) for name in list_protocols()}
    for name, protocol in protocols.items():
        if needs.get(name, {}).get("basis") != _basis(protocol):
            raise ProtocolError(
                f"the number of people for {name} belongs to another version of it",
                path=protocol.path,
                hint="Simulate again with: python scripts/claims_page.py --simulate",
            )
    parts = [_HEAD, _overview(protocols, needs)]
    parts += [_row(row, text, protocols, needs) for row, text in read_rows().items()]
    return "\n".join(parts)


def _basis(protocol: Protocol) -> str:
    """Digest of what the simulated numbers depend on: not words, nor what a person's null swaps."""
    content = protocol.content()
    for block in content["blocks"].values():
        block.pop("swap", None)
    parts = ("design", "stimuli", "conditions", "timing", "blocks", "scoring", "prediction")
    return digest(
        {part: content[part] for part in parts} | {"test": content["analysis"]["primary"]}
    )


def _overview(protocols: Mapping[str, Protocol], needs: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        "## The protocols\n",
        (
            "| protocol | paradigm | primary test | predicted effect | people | trials "
            "(cell / session) |"
        ),
        "|---|---|---|---|---|---|",
    ]
    for name, protocol in protocols.items():
        need = needs[name]
        simulated = "" if protocol.file.status == "ready" else " (simulate only)"
        lines.append(
            f"| [{name}](../protocols/{name}.yaml){simulated} | {protocol.file.paradigm} | "
            f"{_test(protocol)} | {_kind(protocol)} {need['effect']:.2f} | {need['people']} | "
            f"{need['trials']} / {need['session_trials']} |"
        )
    return "\n".join(lines) + "\n\n## The claims\n"


def _row(
    row: str,
    text: Mapping[str, str],
    protocols: Mapping[str, Protocol],
    needs: Mapping[str, Mapping[str, Any]],
) -> str:
    testing = [(n, p.file.claims[row]) for n, p in protocols.items() if row in p.file.claims]
    if not testing and "why_not" not in text:
        raise ProtocolError(
            f"claim {row} has neither a protocol nor a reason why a face cannot test it",
            path=Path("protocols/claims/rows.yaml"),
            key=row,
        )
    lines = [f"### {row}. {text['claim']}\n", f"**Known so far.** {text['known']}"]
    if "sources" in text:
        lines[-1] += f" ({text['sources']})"
    lines.append("")
    if "why_not" in text:
        lines += [f"**Not testable with a face.** {text['why_not']}", ""]
    for name, claim in testing:
        need = needs[name]
        lines += [
            f"**[{name}](../protocols/{name}.yaml)**, variant: {_flat(claim.variant)}",
            f"- key contrast: {_flat(claim.contrast)}",
            f"- would support it: {_flat(claim.supports)}",
            f"- would count against it: {_flat(claim.against)}",
            (
                f"- people: {need['people']} for the protocol's primary test; trials: "
                f"{need['trials']} in a cell, {need['session_trials']} in a session"
            ),
            "",
        ]
    if text["not_shown"] != "-":
        lines += [f"**Stays open.** {text['not_shown']}", ""]
    return "\n".join(lines)


def _test(protocol: Protocol) -> str:
    """The primary test in a few words."""
    primary = protocol.file.analysis.primary
    words = f"{primary.score} {primary.condition}, {primary.block}"
    if primary.within:
        factor = "" if primary.within.factor == "block" else f"{primary.within.factor}: "
        words = f"{primary.score} {primary.condition}, {factor}{primary.within.more} - "
        words += primary.within.less
    if primary.between:
        words += f"; {primary.between.more} - {primary.between.less}"
    if primary.trait:
        words += f"; correlation with {primary.trait}"
    return words


def _kind(protocol: Protocol) -> str:
    primary = protocol.file.analysis.primary
    return "r" if primary.trait else "d" if primary.between else "d_z"


def _flat(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """Print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="file to write; none: print it")
    parser.add_argument(
        "--simulate", action="store_true", help="simulate the numbers of people anew (long)"
    )
    asked = parser.parse_args()
    if asked.simulate:
        write_json(_DATA / "needs.json", measure_needs())
    page = claims_page(read_needs())
    if asked.out is None:
        print(page.rstrip())
    else:
        write_text(asked.out, page)


if __name__ == "__main__":
    main()
