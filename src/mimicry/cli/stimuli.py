"""``mimicry stimuli``: list the rendered stimuli, render them, measure other clips."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mimicry.cli._options import intervals
from mimicry.cli._run import Outcome, open_command

if TYPE_CHECKING:
    from mimicry.records import StimulusTimeline

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Stimuli: list, render, or measure any clip.")


@app.command("list")
@open_command
def list_(
    manifest: Path | None = typer.Option(None, help="A manifest; default: the bundled set."),
    emotion: str | None = typer.Option(None, help="Only this emotion."),
) -> Outcome:
    """Show the stimuli of a manifest and say plainly what they are not."""
    from mimicry.synthetic.stimuli import read_entries
    from mimicry.timeline import read_manifest

    timelines = read_manifest(manifest)  # whatever scoring would refuse is refused here
    note, entries = read_entries(manifest)
    shown = [e for e in entries if emotion in (None, e.get("emotion"))]
    lines = [_HEAD, *(_line(e, timelines[e["id"]]) for e in shown), "", note]
    kept = ("id", "emotion", "identity", "kind", "duration_s", "onset_s", "apex_s", "file")
    return Outcome(
        text="\n".join(lines),
        extra={"note": note, "stimuli": [{k: e.get(k) for k in kept} for e in shown]},
    )


_HEAD = f"{'id':34} {'emotion':9} {'model':6} {'seconds':>7} {'onset':>6} {'apex':>6}  file"


def _line(entry: dict[str, Any], timeline: "StimulusTimeline") -> str:
    seconds = entry.get("duration_s") or timeline.times_s[-1] - timeline.times_s[0]
    numbers = f"{seconds:>7.2f} {timeline.onset_s:>6.2f} {timeline.apex_s:>6.2f}"
    file = entry.get("file") or "rendered on demand"
    who = f"{entry.get('emotion') or '':9} {entry.get('identity') or '':6}"
    return f"{entry['id']:34} {who} {numbers}  {file}"


@app.command()
@open_command
def render(
    ids: list[str] = typer.Argument(
        help="Ids such as happy-f01-dynamic, angry-m02-static-i50, yawn-f03-dynamic-d6."
    ),
    out: Path = typer.Option(..., help="Folder for the clips and their manifest.json."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Render clips anew."),
) -> Outcome:
    """Render clips of the set, at any intensity (-i50 = half) and duration (-d4 = 4 s)."""
    from mimicry.cli._progress import progress
    from mimicry.files import make_folder
    from mimicry.synthetic.stimuli import merge_manifest, parse_id, rendered_entry

    specs = [parse_id(name) for name in dict.fromkeys(ids)]
    make_folder(out)
    entries = []
    with progress("clips") as show:
        for k, spec in enumerate(specs):
            entries.append(rendered_entry(spec, out, overwrite=overwrite))
            show(k + 1, len(specs))
    paths = [out / e["file"] for e in entries]
    manifest = merge_manifest(out / "manifest.json", entries)
    return Outcome(outputs=[*paths, manifest], text="\n".join(str(p) for p in [*paths, manifest]))


@app.command()
@open_command
def measure(
    clip: Path = typer.Argument(help="A video with one face, for instance a validated stimulus."),
    out: Path = typer.Option(..., help="Manifest (JSON) to write or to add the clip to."),
    stimulus_id: str | None = typer.Option(None, "--id", help="Default: the file's stem."),
    emotion: str = typer.Option("", help="The emotion that the clip shows."),
    identity: str = typer.Option("", help="Who is in it."),
    license_name: str = typer.Option("", "--license", help="The clip's licence."),
    au: list[str] = typer.Option([], help="Action units to keep; default: those that move."),
    neutral: str | None = typer.Option(None, help="A:B, seconds in which the face is neutral."),
    onset: float | None = typer.Option(None, help="Dynamic onset in s; default: found."),
    apex: float | None = typer.Option(None, help="Start of the apex in s; default: found."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace an entry of this id."),
) -> Outcome:
    """Measure the envelope of any clip, so that a laboratory's own set becomes stimuli."""
    from mimicry.cli._progress import progress
    from mimicry.errors import NoFaceError
    from mimicry.files import make_folder, sha256_of
    from mimicry.kernels.smooth import gaussian_smooth
    from mimicry.landmarks import extract_landmarks
    from mimicry.synthetic.stimuli import MeasuredClip, measured_entry, merge_manifest

    windows = intervals([] if neutral is None else [neutral])
    with progress("frames") as show:
        landmarks = extract_landmarks(clip, progress=show)
    if not landmarks.tracked.any():
        raise NoFaceError("no frame shows a face", path=clip)
    from mimicry.action_units import measure as measure_units

    shifted = None
    if windows is not None:
        first = float(landmarks.times_s[0])
        shifted = [(first + a, first + b) for a, b in windows]
    track = measure_units(landmarks, neutral=shifted)
    entry = measured_entry(
        track,
        gaussian_smooth(track.times_s, track.intensity, 0.05),
        MeasuredClip(
            stimulus_id=stimulus_id or clip.stem,
            file=clip.name,
            sha256=sha256_of(clip),
            emotion=emotion,
            identity=identity,
            license_name=license_name,
        ),
        names=tuple(au) or None,
        onset_s=onset,
        apex_s=apex,
    )
    make_folder(out.parent)
    path = merge_manifest(out, [entry], overwrite=overwrite)
    peaks = {n: round(max(v), 3) for n, v in entry["intensity"].items()}
    return Outcome(
        outputs=[path],
        recordings=[
            {
                "input": str(clip),
                "frames": len(track),
                "frames_with_face": int(track.tracked.sum()),
                "files": {"manifest": str(path)},
            }
        ],
        extra={"stimulus": entry["id"], "peaks": peaks},
        text=f"{entry['id']}: onset {entry['onset_s']:.2f} s, apex {entry['apex_s']:.2f} s, "
        + ", ".join(f"{n} {v:.2f}" for n, v in peaks.items()),
    )
