"""The analyses over all people, against the preregistration: windows, groups, seed, exclusions."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry.analyses.differences import ABSENT, Difference
from mimicry.analyses.group import read_summary
from mimicry.analyses.grouping import with_groups
from mimicry.errors import InputError
from mimicry.files import digest, read_json_object
from mimicry.study.blind import Blind
from mimicry.study.folder import SCORES, read_joint
from mimicry.study.layout import GROUP, MULTIVERSE, RELIABILITY
from mimicry.study.participants import read_people

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["analysis_differences"]


def analysis_differences(
    folder: Path, results: Path, frozen: Mapping[str, Any], lock: Blind | None
) -> Iterator[tuple[str, list[Difference]]]:
    """Yield the name of every analysis that was found, and where it departs from the plan."""
    for sidecar in sorted(results.glob(f"{GROUP}*.json")):
        content = read_json_object(sidecar, {"settings": dict})
        used = content["settings"]
        name = sidecar.relative_to(folder).as_posix()
        expected = _expected(sidecar.stem, frozen, lock)
        differences = [
            Difference(name, key, wanted, value)
            for key, wanted in expected.items()
            if (value := _value(used, key)) != ABSENT and value != wanted
        ]
        differences += _other_scores(name, sidecar.stem, used, folder, results)
        yield name, differences


def _expected(stem: str, frozen: Mapping[str, Any], lock: Blind | None) -> dict[str, Any]:
    """Key of an analysis' settings -> the value that the plan gives it."""
    primary, settings = frozen["primary"], frozen["settings"]
    expected: dict[str, Any] = {"protocol": frozen["protocol"]["digest"]}
    if stem == GROUP:
        between = primary.get("between") or {}
        expected["by"] = between.get("factor", "group")
        expected["control"] = between.get("more")
    if stem == RELIABILITY:
        expected["window"] = settings.get("primary_window")
        expected["seed"] = settings.get("seed")
    if stem == MULTIVERSE:
        expected["grid.condition"] = primary.get("condition")
        expected["grid.block"] = primary.get("block")
        expected["exclusions"] = None if lock is None or not lock.lock else lock.lock["exclusions"]
        if "stimuli" in frozen:
            expected["stimuli"] = frozen["stimuli"]["manifest"]
    return expected


def _value(used: Mapping[str, Any], key: str) -> Any:
    value: Any = used
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return ABSENT
        value = value[part]
    return value


def _other_scores(
    name: str, stem: str, used: Mapping[str, Any], folder: Path, results: Path
) -> Iterator[Difference]:
    """Yield an analysis that was made of other scores than those that are there now."""
    keys = {GROUP: ("summary", "scores"), RELIABILITY: ("scores",)}.get(stem, ())
    for key in keys:
        if key not in used:
            continue
        try:
            table = _table(key, used, folder, results)
        except InputError as error:
            yield Difference(name, "scores", "as they were analysed", str(error))
            return
        if used[key] != digest(table.to_csv(index=False)):
            yield Difference(name, key, "those that are there", "others, made or edited before")


def _table(key: str, used: Mapping[str, Any], folder: Path, results: Path) -> "pd.DataFrame":
    """Return a study's table as an analysis would read it now."""
    if key == "scores":
        return read_joint(results, SCORES)
    people, by = read_people(folder), str(used.get("by"))
    has = people is not None and by in people.columns
    return with_groups(read_summary(results), people, by if has else None)
