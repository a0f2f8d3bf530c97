"""The 52 blendshape scores of a face landmarker, in the order in which they come."""

__all__ = ["BLENDSHAPE_NAMES"]


def _both(*stems: str) -> list[str]:
    return [f"{stem}{side}" for stem in stems for side in ("Left", "Right")]


BLENDSHAPE_NAMES: tuple[str, ...] = (
    "_neutral",
    *_both("browDown"),
    "browInnerUp",
    *_both("browOuterUp"),
    "cheekPuff",
    *_both("cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp"),
    *_both("eyeSquint", "eyeWide"),
    *("jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose"),
    *_both("mouthDimple", "mouthFrown"),
    *("mouthFunnel", "mouthLeft"),
    *_both("mouthLowerDown", "mouthPress"),
    *("mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper"),
    *("mouthShrugLower", "mouthShrugUpper"),
    *_both("mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer"),
)
