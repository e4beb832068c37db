"""A small drawing board for pictures of points: rectangles, plain lettering, PNG as it is written.

Letters are strokes on a grid, drawn smooth at any size, so that no font has to be installed.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

# Strokes as points "xy" on a grid: x 0..4, y 2 the base line, 6 the height of small letters, 8 of
# capitals, 0 of what hangs below.
_STROKES: dict[str, str] = {
    "A": "02 28 42;13 33", "B": "02 08 38 47 46 35 05;35 44 43 32 02",
    "C": "47 38 18 07 03 12 32 43", "D": "02 08 28 46 44 22 02", "E": "42 02 08 48;05 35",
    "F": "02 08 48;05 35", "G": "47 38 18 07 03 12 32 43 45 25", "H": "02 08;42 48;05 45",
    "I": "22 28", "J": "48 43 32 12 03", "K": "02 08;48 05 42", "L": "08 02 42",
    "M": "02 08 25 48 42", "N": "02 08 42 48", "O": "12 03 07 18 38 47 43 32 12",
    "P": "02 08 38 47 46 35 05", "Q": "12 03 07 18 38 47 43 32 12;24 42",
    "R": "02 08 38 47 46 35 05;25 42", "S": "47 38 18 07 06 15 35 44 43 32 12 03",
    "T": "08 48;28 22", "U": "08 03 12 32 43 48", "V": "08 22 48", "W": "08 12 26 32 48",
    "X": "02 48;08 42", "Y": "08 25 48;25 22", "Z": "08 48 02 42",
    "a": "05 16 26 35 32;34 14 03 12 22 33", "b": "08 02;05 16 26 35 33 22 12 03",
    "c": "35 26 16 05 03 12 22 33", "d": "38 32;35 26 16 05 03 12 22 33",
    "e": "04 34 35 26 16 05 03 12 22 33", "f": "38 28 17 12;06 26",
    "g": "36 31 20 10 01;35 26 16 05 03 12 22 33", "h": "08 02;05 16 26 35 32", "i": "12 16;18 18",
    "j": "26 21 10;28 28", "k": "08 02;36 04 32", "l": "18 13 22",
    "m": "02 06;05 16 25 22;25 36 45 42", "n": "02 06;05 16 26 35 32",
    "o": "12 03 05 16 26 35 33 22 12", "p": "06 00;05 16 26 35 33 22 12 03",
    "q": "36 30;35 26 16 05 03 12 22 33", "r": "02 06;05 16 26", "s": "36 16 05 14 24 33 22 02",
    "t": "18 13 22 32;06 26", "u": "06 03 12 22 33;36 32", "v": "06 22 46", "w": "06 12 25 32 46",
    "x": "02 36;06 32", "y": "06 22;46 10", "z": "06 36 02 32",
    "0": "12 03 07 18 38 47 43 32 12;13 37", "1": "17 28 22", "2": "07 18 38 47 46 02 42",
    "3": "07 18 38 47 46 35 44 43 32 12 03;15 35", "4": "32 38 04 44",
    "5": "48 08 05 35 44 43 32 12 03", "6": "47 38 18 07 03 12 32 43 44 35 04", "7": "08 48 12",
    "8": "15 06 07 18 38 47 46 35 15 04 03 12 32 43 44 35", "9": "03 12 32 43 47 38 18 07 06 15 46",
    "#": "12 18;32 38;04 44;06 46", "/": "02 48", "-": "05 35", "+": "05 45;23 27", ".": "22 22",
    ",": "22 11", ":": "23 23;26 26", "(": "38 26 24 32", ")": "18 26 24 12",
    "%": "02 48;07 07;43 43", "'": "28 26", "_": "02 42", "&": "42 07 18 27 04 03 12 22 44",
    " ": "",
}  # fmt: skip
_SPACE = 2.5
_LEAST_WIDTH = 0.5
_GAP, _UNITS = 1.6, 6.0


@lru_cache(maxsize=256)
def _letter(sign: str) -> tuple[tuple[tuple[float, float, float, float], ...], float]:
    """Strokes of a letter (x0, y0, x1, y1), y down from the top of capitals, and its width."""
    lines = []
    right = 0.0
    left = 9.0
    for chain in _STROKES.get(sign, _STROKES["-"]).split(";"):
        points = [(float(p[0]), 8.0 - float(p[1])) for p in chain.split()]
        right = max([right, *(x for x, _ in points)])
        left = min([left, *(x for x, _ in points)])
        pairs = zip(points, points[1:] if len(points) > 1 else points, strict=False)
        lines += [(a, b, c, d) for (a, b), (c, d) in pairs]
    if not lines:
        return (), _SPACE
    moved = tuple((a - left, b, c - left, d) for a, b, c, d in lines)
    return moved, max(right - left, _LEAST_WIDTH)


def text_width(text: str, height: float) -> float:
    """Points that `text` is wide when its capitals are `height` high."""
    scale = height / _UNITS
    widths = [_letter(sign)[1] for sign in text]
    return scale * (sum(widths) + _GAP * max(len(widths) - 1, 0))


def rgb(colour: str) -> F32:
    """ "#rrggbb" as three values 0..1."""
    return np.array([int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)], np.float32)


class Picture:
    """`width` x `height` points of one colour, to draw on; (0, 0) is the upper left corner."""

    def __init__(self, width: int, height: int, colour: str) -> None:
        self.width, self.height = width, height
        self.points: F32 = np.empty((height, width, 3), np.float32)
        self.points[:] = rgb(colour)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, colour: str, opacity: float = 1.0
    ) -> None:
        """A filled rectangle; edges between points are shared with what lies below."""
        x0, x1 = max(0.0, min(x0, x1)), min(float(self.width), max(x0, x1))
        y0, y1 = max(0.0, min(y0, y1)), min(float(self.height), max(y0, y1))
        if x1 <= x0 or y1 <= y0:
            return
        across, first_x = _covered(x0, x1)
        down, first_y = _covered(y0, y1)
        cover = (down[:, None] * across[None, :] * np.float32(opacity))[:, :, None]
        place = self.points[first_y : first_y + down.size, first_x : first_x + across.size]
        place += cover[: place.shape[0], : place.shape[1]] * (rgb(colour) - place)

    def text(
        self, x: float, y: float, text: str, height: float, colour: str, *, anchor: str = "start",
        opacity: float = 1.0,
    ) -> None:  # fmt: skip
        """`text` with its base line at `y`, capitals `height` high. anchor: start, middle, end."""
        width = text_width(text, height)
        x -= {"start": 0.0, "middle": width / 2.0, "end": width}[anchor]
        scale = height / _UNITS
        thick = max(1.15, 0.13 * height)
        shade = rgb(colour)
        for sign in text:
            lines, wide = _letter(sign)
            if lines:
                self._strokes(lines, x, y - height, scale, thick, shade, opacity)
            x += scale * (wide + _GAP)

    def _strokes(
        self, lines: tuple[tuple[float, float, float, float], ...], x: float, y: float,
        scale: float, thick: float, shade: F32, opacity: float,
    ) -> None:  # fmt: skip
        """One letter whose upper left corner is (x, y): each point by its distance to a stroke."""
        left, top = int(np.floor(x - thick)), int(np.floor(y - thick))
        right, bottom = (
            int(np.ceil(x + 4 * scale + thick)) + 1,
            int(np.ceil(y + 8 * scale + thick)) + 1,
        )
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, self.width), min(bottom, self.height)
        if right <= left or bottom <= top:
            return
        across = np.arange(left, right, dtype=np.float32) + 0.5
        down = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
        nearest = np.full((bottom - top, right - left), 99.0, np.float32)
        for ax, ay, bx, by in lines:
            x0, y0, x1, y1 = x + scale * ax, y + scale * ay, x + scale * bx, y + scale * by
            dx, dy = x1 - x0, y1 - y0
            length = dx * dx + dy * dy
            along = np.clip(((across - x0) * dx + (down - y0) * dy) / max(length, 1e-6), 0.0, 1.0)
            off = (across - x0 - along * dx) ** 2 + (down - y0 - along * dy) ** 2
            nearest = np.minimum(nearest, np.sqrt(off))
        cover = np.clip(thick / 2.0 + 0.5 - nearest, 0.0, 1.0)[:, :, None] * np.float32(opacity)
        place = self.points[top:bottom, left:right]
        place += cover * (shade - place)

    def png(self) -> bytes:
        """The picture as a PNG file (8 bits a colour)."""
        pixels = np.round(np.clip(self.points, 0.0, 1.0) * 255.0).astype(np.uint8)
        rows = np.zeros((self.height, 1 + 3 * self.width), np.uint8)
        rows[:, 1:] = pixels.reshape(self.height, -1)
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            _chunk(name, data)
            for name, data in (
                (b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""),
            )
        )  # fmt: skip


def _covered(low: float, high: float) -> tuple[F32, int]:
    """How much of each point from floor(low) on lies between `low` and `high`."""
    first, last = int(np.floor(low)), int(np.ceil(high))
    edges = np.arange(first, last, dtype=np.float32)
    cover = np.minimum(edges + 1.0, np.float32(high)) - np.maximum(edges, np.float32(low))
    return np.clip(cover, 0.0, 1.0).astype(np.float32), first


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)
