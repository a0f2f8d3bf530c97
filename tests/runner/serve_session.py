"""Serves a session folder from a process of its own, for tests that stop or kill the server.

``python serve_session.py FOLDER`` prints a launch link and serves until the session is finished.
"""

import sys
import time
from pathlib import Path

from mimicry.runner.app import RunnerState
from mimicry.runner.journal import Journal
from mimicry.runner.serve import serving

if __name__ == "__main__":
    journal = Journal.open(Path(sys.argv[1]))
    state = RunnerState(
        journal=journal,
        secret=journal.secret,
        stimuli=tuple((s.path, s.mime) for s in journal.plan.stimuli),
    )
    with serving(state, port=journal.port, must=journal.port is not None) as server:
        journal.set_port(server.port)
        print(server.link(), flush=True)
        while not journal.finished:
            time.sleep(0.05)
        time.sleep(1)
