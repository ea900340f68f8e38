"""Numbers of LeRobot calibrations that people published, one row an arm, written down anew.

Found in public repositories in 2026; `owner` is the repository's, or the number of the stored
file. A row holds homing offset, lowest and highest tick of servos 1 to 6, as LeRobot left them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

SO_JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
WHEELS = ("base_left_wheel", "base_back_wheel", "base_right_wheel")


@dataclass(frozen=True)
class Published:
    """One arm. prefix: before the names of its joints; wheels: whether the bus has them, too.

    turned: servos with drive mode 1. refused: the joints that have to be named, none where the
    calibration is good.
    """

    owner: str
    robot: str
    rows: tuple[tuple[int, int, int], ...]
    refused: tuple[str, ...] = ()
    prefix: str = ""
    wheels: bool = False
    turned: tuple[int, ...] = ()

    def text(self) -> str:
        """Return it as LeRobot writes it."""
        motors = {
            self.prefix + name: motor(index, *row, drive_mode=int(index in self.turned))
            for index, (name, row) in enumerate(zip(SO_JOINTS, self.rows, strict=True), start=1)
        }
        if self.wheels:
            motors |= {name: motor(index, 0, 0, 4095) for index, name in enumerate(WHEELS, start=7)}
        return json.dumps(motors, indent=4)


def motor(id_: int, offset: int, low: int, high: int, drive_mode: int = 0) -> dict[str, int]:
    """Return one servo's entry."""
    return {
        "id": id_, "drive_mode": drive_mode, "homing_offset": offset,
        "range_min": low, "range_max": high,
    }  # fmt: skip


# its gripper, 2020 to 3439, is closed at 2020: the smallest input that was refused
SMALLEST = Published(
    "q442333521", "so101",
    ((-1733, 666, 3367), (-985, 823, 3205), (-1865, 850, 3054), (-1899, 908, 3209),
     (1751, 143, 3968), (1131, 2020, 3439)),
)  # fmt: skip
PUBLISHED = (
    SMALLEST,
    Published(
        "q442333521, leader", "so101",
        ((-1244, 730, 3385), (935, 874, 3169), (1928, 815, 2988), (2040, 915, 3165),
         (938, 161, 3972), (1403, 2042, 3284)),
    ),
    Published(
        "Sachin-2007", "so101",
        ((1550, 813, 3337), (-1674, 776, 3128), (-1935, 1038, 3254), (1213, 701, 2978),
         (150, 111, 3980), (1047, 1955, 3438)),
    ),
    Published(
        "Sachin-2007, leader", "so101",
        ((-1969, 759, 3429), (2038, 872, 3237), (-1911, 822, 3108), (1973, 826, 3093),
         (836, 177, 4008), (851, 2037, 3271)),
    ),
    Published(
        "pgq18", "so101",
        ((-614, 698, 3260), (394, 838, 3193), (-555, 919, 3098), (578, 893, 3215),
         (97, 103, 3924), (-138, 1492, 2921)),
    ),
    Published(  # its elbow was held at one end when it was homed
        "71217352880", "so101",
        ((-33, 743, 3458), (-36, 915, 3273), (667, 154, 2334), (-69, 805, 3142),
         (81, 66, 3894), (63, 1456, 2901)),
    ),
    Published(  # a wrist that was not swept
        "55719255003", "so101",
        ((1788, 715, 3466), (-1706, 822, 3226), (1712, 908, 3123), (1345, 845, 3176),
         (1900, 0, 4095), (1313, 1507, 3026)),
    ),
    Published(
        "matrix97317", "so101",
        ((-1365, 746, 3477), (-1200, 822, 3211), (-986, 901, 3110), (-1696, 849, 3216),
         (-375, 135, 3984), (1871, 1975, 3565)),
    ),
    Published(
        "LixingZHANG96, LeKiwi", "lekiwi_arm",
        ((1813, 750, 3470), (-1476, 1007, 3333), (1967, 726, 2894), (1563, 962, 3275),
         (-19, 200, 4014), (-1576, 1376, 2859)),
        prefix="arm_", wheels=True,
    ),
    Published(  # a shoulder that was moved through 2.5 rad of 3.8, a gripper whose count began anew
        "69855749823", "so101",
        ((-1653, 1269, 2869), (-1992, 904, 3349), (1518, 832, 3044), (1349, 899, 3220),
         (-2033, 0, 4095), (-197, 48, 3637)),
        refused=("shoulder_pan", "gripper"),
    ),
    Published(
        "kevin010717", "so101",
        ((-273, 789, 3037), (388, 948, 3296), (496, 874, 3073), (179, 828, 3129),
         (1140, 159, 3991), (431, 1355, 2828)),
        refused=("shoulder_pan",),
    ),
    Published(
        "MohammedYashHossain", "so101",
        ((-1930, 663, 3398), (-923, 638, 3181), (1959, 923, 3182), (-2020, 756, 3222),
         (-24, 1069, 3288), (-1491, 1374, 2870)),
        refused=("wrist_roll",),
    ),
    Published(  # two joints that were never moved
        "53390436144", "so101",
        ((-1408, 476, 2701), (719, 0, 4095), (-890, 0, 4095), (1676, 635, 2954),
         (1219, 0, 4095), (1391, 2032, 3486)),
        refused=("shoulder_pan", "shoulder_lift", "elbow_flex"),
    ),
    Published(
        "NONHUMAN-SITE", "so100",
        ((113, 861, 3137), (-98, 965, 2947), (100, 914, 3013), (120, 833, 2959),
         (-1927, 0, 4095), (-130, 2045, 3477)),
        refused=("shoulder_pan", "shoulder_lift"),
    ),
    Published(  # from 109 to 3787: more than an elbow can turn
        "36172608059", "so101",
        ((-1253, 1028, 3056), (-136, 378, 3578), (1964, 109, 3787), (-1080, 1020, 3157),
         (-215, 0, 4095), (-1660, 1215, 2730)),
        refused=("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex"),
    ),
    Published(  # a Koch (Dynamixel) whose joints were hardly moved
        "61979300957, Koch", "koch",
        ((-34, 0, 4095), (-107, 2033, 2118), (195, 1618, 1677), (-42, 2044, 2147),
         (-965, 0, 4095), (-92, 1985, 2207)),
        turned=(3,), refused=("shoulder_lift", "elbow_flex", "wrist_flex", "gripper"),
    ),
)  # fmt: skip
# what LeRobot wrote before June 2025: a Koch and an SO-100
OLD_FORMAT = (
    {
        "homing_offset": [2048, 3072, 3072, 3072, 1024, -2048],
        "drive_mode": [1, 1, 1, 1, 1, 0],
        "start_pos": [2010, 3025, 3059, 2988, 974, 3053],
        "end_pos": [-1000, -2102, -2109, -2006, 98, 3053],
        "calib_mode": ["DEGREE"] * 6,
        "motor_names": list(SO_JOINTS),
    },
    {
        "homing_offset": [-2029, 3091, -1150, -1916, 2233, -2360],
        "drive_mode": [0, 1, 0, 0, 1, 0],
        "start_pos": [1991, 3132, 1056, 2012, 2215, 1933],
        "end_pos": [3053, -2067, 2174, 2940, -1209, 3384],
        "calib_mode": ["DEGREE"] * 5 + ["LINEAR"],
        "motor_names": list(SO_JOINTS),
    },
)
