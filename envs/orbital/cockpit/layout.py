"""Where the instruments stand in the picture, in which colours, and how clean the picture is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from helmsight.contract.observation import Box

Colour = tuple[int, int, int]

WIDTH = 1280
HEIGHT = 720


@dataclass(frozen=True)
class Layout:
    """The look of the cockpit. `Layout()` is nominal, `Layout.random` draws a disturbed one.

    Centres are pixels (x, y) in the 1280x720 frame. `scale` enlarges every instrument about its
    own centre; `navball_radius` is the nominal radius, to be multiplied by it. `offset` shifts
    the other head-up panels. Colours are RGB. `brightness` multiplies the finished picture,
    `noise` is the standard deviation of its grain (of 255), `blur` that of its softness (px).
    The regions do not follow the jitter: an operator looks at fixed boxes of the screen. `contact`
    and `sun` are the colours of what only some cockpits show; so is the panel beside the readouts.
    With `game` every figure stands where KSP has it, and nowhere else (see `as_game`).
    """

    navball_centre: tuple[int, int] = (640, 592)
    navball_radius: int = 100
    readouts_centre: tuple[int, int] = (904, 592)
    offset: tuple[int, int] = (0, 0)
    scale: float = 1.0
    sky: Colour = (38, 116, 190)
    ground: Colour = (118, 78, 42)
    level: Colour = (255, 150, 30)
    prograde: Colour = (190, 255, 20)
    target: Colour = (255, 40, 235)
    text: Colour = (236, 240, 236)
    accent: Colour = (120, 235, 130)
    panel: Colour = (20, 24, 28)
    brightness: float = 1.0
    noise: int = 0
    blur: float = 0.0
    navball_region: Box = (512, 464, 768, 720)
    readouts_region: Box = (776, 464, 1032, 720)
    contact: Colour = (255, 84, 68)
    sun: Colour = (255, 226, 120)
    beside_region: Box = (1010, 464, 1266, 720)
    game: bool = False

    def as_game(self) -> Layout:
        """Return this layout with every figure where KSP has it.

        The region "readouts" is then the middle of the view, where the target is named with its
        distance, down to the speed above the ball.
        """
        return replace(self, game=True, readouts_region=(512, 232, 768, 488))

    @property
    def radius(self) -> int:
        """Radius of the drawn navball, px."""
        return round(self.navball_radius * self.scale)

    def regions(self, beside: str = "") -> dict[str, Box]:
        """Return the boxes (x0, y0, x1, y1) of "navball" and "readouts", inside the frame, px.

        `beside` is what the panel beside the readouts is called, where there is one.
        """
        boxes = {"navball": self.navball_region, "readouts": self.readouts_region}
        if beside:
            boxes[beside] = self.beside_region
        return {name: _inside(box) for name, box in boxes.items()}

    @classmethod
    def random(cls, rng: np.random.Generator) -> Layout:
        """Return a layout for domain randomisation: legible, and within its regions.

        Scale varies by 8 %, each place by 10 px, colours by a few per cent (the markers keep
        their hue), with grain, softness and brightness of a captured screen.
        """
        plain = cls()
        softness = float(rng.uniform(0.3, 0.7)) if rng.random() < 0.5 else 0.0
        drawn = replace(
            plain,
            navball_centre=_near(plain.navball_centre, rng),
            readouts_centre=_near(plain.readouts_centre, rng),
            offset=_near(plain.offset, rng),
            scale=round(float(rng.uniform(0.92, 1.08)), 3),
            sky=_tinted(plain.sky, rng, 22),
            ground=_tinted(plain.ground, rng, 20),
            level=_tinted(plain.level, rng, 18),
            prograde=_tinted(plain.prograde, rng, 18),
            target=_tinted(plain.target, rng, 18),
            text=_tinted(plain.text, rng, 18),
            accent=_tinted(plain.accent, rng, 22),
            panel=_tinted(plain.panel, rng, 12),
            brightness=round(float(rng.uniform(0.85, 1.12)), 3),
            noise=int(rng.integers(0, 7)),
            blur=round(softness, 2),
        )
        # from what is drawn already: whoever uses `rng` after this gets the numbers it always got
        own = np.random.default_rng([*drawn.sky, *drawn.text, *drawn.prograde])
        return replace(
            drawn, contact=_tinted(plain.contact, own, 18), sun=_tinted(plain.sun, own, 18)
        )


def _inside(box: Box) -> Box:
    """Return `box` moved, not cut, so that it lies inside the frame."""
    x0, y0, x1, y1 = box
    dx = min(max(0, -x0), WIDTH - x1) if x0 < 0 else min(0, WIDTH - x1)
    dy = min(max(0, -y0), HEIGHT - y1) if y0 < 0 else min(0, HEIGHT - y1)
    return x0 + dx, y0 + dy, x1 + dx, y1 + dy


def _near(place: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    """Return `place` moved by up to 10 px along each axis."""
    dx, dy = rng.integers(-10, 11, size=2)
    return place[0] + int(dx), place[1] + int(dy)


def _tinted(colour: Colour, rng: np.random.Generator, spread: int) -> Colour:
    """Return `colour` with each channel moved by up to `spread`, within 0..255."""
    red, green, blue = np.clip(np.add(colour, rng.integers(-spread, spread + 1, size=3)), 0, 255)
    return int(red), int(green), int(blue)
