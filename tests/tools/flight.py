"""A flight of `steps` steps in a process of its own, to be killed: python flight.py FOLDER STEPS.

It goes on with the run in the folder if there is one, as a loop would that flies the recorded
steps again. Every step is printed once it was given to the recorder.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conftest import fake_frame, fake_record, fake_spec

from helmsight.tools import writing
from helmsight.tools.folder import SPEC
from helmsight.tools.recorder import Recorder


def fly(folder: Path, steps: int) -> None:
    writing.PATIENCE_S = float("inf")  # a busy machine is no news here
    resumed = (folder / SPEC).exists()
    recorder = Recorder.resume(folder, page=False) if resumed else Recorder(folder, page=False)
    past = list(recorder.records)
    recorder.start(fake_spec())
    reason = "steps"
    try:
        for record in past:
            recorder.again(record, fake_frame(record.index))
        print("began", flush=True)
        for index in range(len(past), steps):
            recorder.step(fake_record(index), fake_frame(index))
            print(index, flush=True)
    except KeyboardInterrupt:
        reason = "interrupted"
    recorder.finish(reason, {"steps": len(recorder.records)})
    print("ended", flush=True)


if __name__ == "__main__":
    fly(Path(sys.argv[1]), int(sys.argv[2]))
