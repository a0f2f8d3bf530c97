"""The face model: where it lies and whether it is the right one."""

import os
from pathlib import Path

from mimicry.errors import InputError, IntegrityError
from mimicry.files import require_file, sha256_of

__all__ = ["MODEL_SHA256", "MODEL_VARIABLE", "bundled_model", "checked_model"]

MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
MODEL_VARIABLE = "MIMICRY_FACE_MODEL"

_NAME = "face_landmarker.task (variant float16, version 1)"


def bundled_model() -> Path:
    """Return the path of the model that ships with the package."""
    return Path(__file__).resolve().parent / "model" / "face_landmarker.task"


def checked_model(path: str | Path | None = None) -> Path:
    """Return the model file to use, after comparing its SHA-256 with the expected one.

    Parameters
    ----------
    path
        A model file; None: the one named by ``MIMICRY_FACE_MODEL``, else the bundled one.

    Raises
    ------
    IntegrityError
        When the file is missing or is not the model on which every definition of this package
        rests. Another model would give other numbers under the same names.
    """
    named = path or os.environ.get(MODEL_VARIABLE)
    model = Path(named) if named else bundled_model()
    key = "`model`" if path else MODEL_VARIABLE if named else None
    hint = (
        f"Name the file {_NAME} or leave the option out to use the bundled one."
        if named
        else "Reinstall with: pip install --force-reinstall --no-deps facial-mimicry"
    )
    try:
        require_file(model)
    except InputError as error:
        raise IntegrityError(
            f"the face model: {error.message}", path=model, key=key, hint=hint
        ) from error
    checksum = sha256_of(model)
    if checksum != MODEL_SHA256:
        raise IntegrityError(
            f"is not the face model {_NAME}: SHA-256 is {checksum[:12]}…, "
            f"expected {MODEL_SHA256[:12]}…",
            path=model,
            key=key,
            hint=hint,
        )
    return model
