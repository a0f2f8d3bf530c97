"""``mimicry verify``: is the analysis the one that was preregistered?"""

from pathlib import Path

import typer

from mimicry.cli._options import INCOMPLETE
from mimicry.cli._run import Outcome, open_command

__all__ = ["verify"]


@open_command
def verify(
    study: Path = typer.Argument(help="The study's folder."),
    prereg: Path | None = typer.Option(None, help="Preregistration; default: the study's own."),
    incomplete: bool = INCOMPLETE,
) -> Outcome:
    """Compare a study with its preregistration; name every difference (exit 2 if any)."""
    from mimicry.analyses.verify import verify_study
    from mimicry.analyses.verify_prereg import NO_PROOF
    from mimicry.errors import IntegrityError

    verified = verify_study(study, prereg, incomplete=incomplete)
    extra = {
        "prereg": str(verified.prereg),
        "hash": verified.hash,
        "checked": verified.checked,
        "differences": [d.to_json() for d in verified.differences],
        **verified.order.to_json(),
    }
    if not verified.differences:
        text = f"as preregistered ({verified.hash[:12]}): {len(verified.checked)} files compared"
        text += f"\n{verified.order.sentence()}\n{NO_PROOF}"
        return Outcome(extra=extra, warnings=list(verified.notes), text=text)
    count = len(verified.differences)
    problem = IntegrityError(
        f"the analysis differs from the preregistration in {count} place{'s' if count > 1 else ''}",
        path=study,
        hint="Restore what was registered, or report each difference as a deviation.",
    )
    lines = "\n".join(f"- {difference}" for difference in verified.differences)
    lines += f"\n{verified.order.sentence()}\n{NO_PROOF}"
    return Outcome(
        status="failed", extra=extra, warnings=list(verified.notes), text=lines, problem=problem
    )
