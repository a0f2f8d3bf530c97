"""How many frames does one core render in a second? Counted in CPU time.

python -m benchmarks.rendering
"""

import time

from mimicry.synthetic import MODELS, envelope, performance, render_frames, times_at

FRAMES = 60


def main() -> None:
    """Print the frame rate at 640 x 480 for one person in motion."""
    who = MODELS["m02"]
    list(render_frames(who, performance([0.0])))  # compile and prepare
    t = times_at(30, FRAMES / 30)
    play = performance(t, {"AU12": envelope(t, 0.5, 1.0), "AU04": 0.3}, pose_deg=(3, 8, 2))
    start = time.process_time()
    for _ in render_frames(who, play):
        pass
    print(f"{FRAMES / (time.process_time() - start):.1f} frames per CPU second")


if __name__ == "__main__":
    main()
