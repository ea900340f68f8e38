"""What is operated: the environment contract, the orbital twin, and the worlds to come.

Importing this package registers its environments with gymnasium.
"""

import gymnasium as gym

from helmsight.envs.orbital.scenarios import SCENARIOS

for _scenario in SCENARIOS.values():
    gym.register(
        id=_scenario.environment_id,
        entry_point="helmsight.envs.orbital.env:TwinEnv",
        vector_entry_point="helmsight.envs.orbital.vector:TwinVectorEnv",
        kwargs={"scenario": _scenario.name},
        disable_env_checker=True,
        order_enforce=False,
    )

gym.register(
    id="helmsight/Scenario-v0",
    entry_point="helmsight.envs.orbital.env:DescribedEnv",
    disable_env_checker=True,
    order_enforce=False,
)

gym.register(
    id="helmsight/KSP-v0",
    entry_point="helmsight.envs.ksp.env:KspEnv",
    disable_env_checker=True,
    order_enforce=False,
)

gym.register(
    id="helmsight/Screen-v0",
    entry_point="helmsight.envs.window:ScreenEnv",
    nondeterministic=True,
    disable_env_checker=True,
    order_enforce=False,
)

gym.register(
    id="helmsight/Robot-v0",
    entry_point="helmsight.envs.robot.env:RobotEnv",
    nondeterministic=True,
    disable_env_checker=True,
    order_enforce=False,
)

gym.register(
    id="helmsight/Inspection-v0",
    entry_point="helmsight.envs.inspection.env:InspectionEnv",
    nondeterministic=True,
    disable_env_checker=True,
    order_enforce=False,
)
