"""The clips and pictures of a session: found by the manifest, as the browser will get them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mimicry.errors import IntegrityError, StimulusError
from mimicry.files import asset_folder, read_json_object, sha256_of
from mimicry.protocol.explain import explain
from mimicry.runner.plan import Stimulus

__all__ = ["find_clips", "rendered_entries"]

_MANIFEST = {"stimuli": [{"id": str, "file?": (str, None), "sha256?": (str, None)}]}

Say = Callable[[str], None]


def find_clips(
    manifest: Path, names: Iterable[str], *, render: bool = True, say: Say | None = None
) -> tuple[Stimulus, ...]:
    """Return the files of some stimuli.

    A clip of the rendered set needs no file: it lies in the package, or is rendered once and
    kept in the user's cache.

    Parameters
    ----------
    manifest
        Stimulus manifest; files stand relative to it.
    names
        Ids of the stimuli.
    render
        Render what is not there yet; False: leave it out.
    say
        Told before a clip is rendered.

    Raises
    ------
    StimulusError
        When a stimulus is not in the manifest or has no file.
    IntegrityError
        When a file is not the one that the manifest promises.
    InputError
        When a browser cannot show the file.
    """
    content = read_json_object(manifest, _MANIFEST, kind=StimulusError)
    entries = {e["id"]: e for e in content["stimuli"]}
    if manifest.parent == asset_folder("stimuli"):
        missing = [name for name in names if name not in entries]
        entries |= {e["id"]: e for e in rendered_entries(missing)}
    return tuple(_find(manifest, entries, names, render, say))


def rendered_entries(names: Iterable[str]) -> list[dict[str, Any]]:
    """Return manifest entries of clips of the rendered set; other names are left out."""
    from mimicry.synthetic.stimuli import manifest_entry, parse_id

    entries = []
    for name in names:
        try:
            entries.append(manifest_entry(parse_id(name)))
        except StimulusError:
            continue
    return entries


def _find(
    manifest: Path, entries: Mapping[str, Any], names: Iterable[str], render: bool, say: Say | None
) -> Iterator[Stimulus]:
    for name in names:
        entry = entries.get(name)
        if entry is None:
            raise StimulusError(f"no stimulus {name!r}; {explain(name, entries)}", path=manifest)
        file = manifest.parent / entry["file"] if entry.get("file") else None
        if (file is None or not file.is_file()) and _is_rendered(entry):
            file = _rendered(name, render, say)
            if file is None:
                continue
        if file is None or not file.is_file():
            raise StimulusError(
                f"the stimulus {name!r} has no video or image file to show",
                path=manifest,
                key=name,
                hint="Give it a file there, or name the manifest beside the clips with `stimuli`.",
            )
        digest = sha256_of(file)
        if entry.get("sha256") not in (None, digest):
            raise IntegrityError("the stimulus is not the file of its manifest", path=file)
        stimulus = Stimulus(name, file, digest)
        _ = stimulus.mime  # what no browser shows is refused here, before anyone sits down
        yield stimulus


def _is_rendered(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry moves exactly as the rendered clip of its name."""
    kept = ("file", "sha256")
    moved = [
        {key: value for key, value in e.items() if key not in kept}
        for e in (entry, *rendered_entries([entry["id"]]))
    ]
    return moved[0] in moved[1:]


def _rendered(name: str, render: bool, say: Say | None) -> Path | None:
    """Return a clip that lies in the package or the cache; render it if it may be."""
    from mimicry.synthetic.stimuli import is_there, stimulus_file

    if not is_there(name):
        if not render:
            return None
        if say is not None:
            say(f"rendering the clip {name} (once; it is kept for later sessions)")
    return stimulus_file(name)
