"""A flight with whatever kRPC client is first on the path; prints one line of JSON.

Arguments: the server's address. After the line its last burn begins, and the server may die.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from helmsight.envs.ksp import streams
from helmsight.envs.ksp.env import KspEnv
from helmsight.envs.ksp.errors import GameLost
from helmsight.envs.ksp.scene import check
from helmsight.envs.orbital.command import BurnCommand


def main(at: str) -> None:
    summary = check(at)
    report: dict[str, Any] = {
        "client": summary.client,
        "vessels": summary.vessels,
        "scene": summary.scene,
    }
    env = KspEnv("PE1-E4-I3", krpc=at, hold="coast")
    report["start"] = env.reset(seed=0)[1]
    burn = BurnCommand(forward=1.0, right=0.0, down=0.0, duration=2.0).action()
    report["burnt"] = env.step(burn)[4]
    print(json.dumps(report), flush=True)
    streams.STILL = 0.5
    try:
        env.step(BurnCommand(forward=1.0, right=0.0, down=0.0, duration=10.0).action())
    except GameLost as error:
        print(json.dumps(str(error)), flush=True)
    env.close()


if __name__ == "__main__":
    main(sys.argv[1])
