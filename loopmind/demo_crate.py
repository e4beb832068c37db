"""The demo crate: a small folder of loops and one-shots that LoopMind synthesises by itself.

Only `write_demo_crate` touches files; the sounds are pure functions of nothing but constants.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp import synth
from loopmind.dsp.synth import RATE, Mono, Stereo
from loopmind.music.audio import Audio

Recipe = Callable[[], NDArray[np.float64]]


class Bars:
    """An empty seamless loop of `bars` 4/4 bars at `bpm`: what passes its end wraps around."""

    def __init__(self, bpm: float, bars: int, *, swing: float = 0.5) -> None:
        self.per_beat = 60.0 * RATE / bpm
        self.sound: Stereo = np.zeros((2, round(bars * 4 * self.per_beat)))
        self.swing = swing

    def add(
        self, sound: NDArray[np.float64], step: float, *, level: float = 1.0, pan: float = 0.0
    ) -> None:
        """Mix in `sound` at `step` sixteenths; odd sixteenths come late by the swing."""
        late = (self.swing - 0.5) * 2.0 if step % 2 == 1 else 0.0
        at = round((step + late) / 4.0 * self.per_beat)
        sides = np.array([np.cos((pan + 1) * np.pi / 4), np.sin((pan + 1) * np.pi / 4)])
        stereo = np.sqrt(2.0) * sides[:, None] * sound * level
        frames = self.sound.shape[1]
        done = 0
        while done < stereo.shape[1]:
            place = (at + done) % frames
            size = min(frames - place, stereo.shape[1] - done)
            self.sound[:, place : place + size] += stereo[:, done : done + size]
            done += size

    def play(
        self, pattern: str, sound: Callable[[], Mono], *, level: float = 1.0, pan: float = 0.0
    ) -> None:
        """Mix in a hit for every sixteenth: X loud, x medium, o soft, any other letter rests.

        A pattern shorter than the loop repeats.
        """
        steps = round(self.sound.shape[1] / self.per_beat * 4)
        for step in range(steps):
            strength = {"X": 1.0, "x": 0.7, "o": 0.4}.get(pattern[step % len(pattern)], 0.0)
            if strength:
                self.add(sound(), step, level=level * strength, pan=pan)


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _trap_drums() -> Stereo:
    rng, loop = _rng(11), Bars(140, 4)
    loop.play("X.....x...X.....X..x......x.....", lambda: synth.kick(rng=rng))
    loop.play("........X.......", lambda: synth.snare(rng=rng), level=0.8)
    loop.play("........x.......", lambda: synth.clap(rng=rng), level=0.5)
    loop.play("x.x.x.x.x.x.x.x.", lambda: synth.hat(rng=rng), level=0.34, pan=0.15)
    for number in range(6):  # a roll of 32nd triplets leads back to the start
        loop.add(synth.hat(rng=rng), 60 + number * 4 / 6, level=0.16 + 0.03 * number, pan=0.2)
    return synth.room(loop.sound, decay_s=0.5, wet=0.05, seed=11)


def _dusty_drums() -> Stereo:
    rng, loop = _rng(12), Bars(90, 4, swing=0.58)
    loop.play("X......x..X.....X..x...x..x.....", lambda: synth.kick(deep=55, punch=120, rng=rng))
    loop.play("....X.......X..o", lambda: synth.snare(tone=172, rng=rng), level=0.85)
    loop.play("x.o.x.o.x.o.x.oo", lambda: synth.hat(rng=rng), level=0.3, pan=-0.2)
    loop.add(synth.hat(open_s=0.22, rng=rng), 62, level=0.3, pan=-0.2)
    dust = rng.normal(size=loop.sound.shape) * (rng.random(loop.sound.shape) < 0.0004)
    worn = synth.filtered(np.tanh(1.6 * (loop.sound + 0.25 * dust)), synth.lowpass(8500.0, 1))
    return synth.room(worn, decay_s=0.4, wet=0.07, seed=12)


def _house_drums() -> Stereo:
    rng, loop = _rng(13), Bars(124, 4)
    loop.play("X...", lambda: synth.kick(deep=50, length=0.34, rng=rng))
    loop.play("....x...", lambda: synth.clap(rng=rng), level=0.62)
    loop.play("..x.", lambda: synth.hat(open_s=0.14, rng=rng), level=0.36, pan=0.1)
    loop.play("o..oo..o.o.oo..o", lambda: synth.hat(rng=rng), level=0.3, pan=-0.25)
    return synth.room(loop.sound, decay_s=0.45, wet=0.05, seed=13)


def _break_drums() -> Stereo:
    rng, loop = _rng(14), Bars(172, 4)
    loop.play("X.........X.....X.X.......X..x..", lambda: synth.kick(deep=58, length=0.25, rng=rng))
    loop.play("....X..o.o..X..o", lambda: synth.snare(tone=205, rng=rng), level=0.85)
    loop.play("x.x.x.x.x.x.x.xo", lambda: synth.hat(rng=rng), level=0.3)
    return synth.room(np.tanh(1.3 * loop.sound), decay_s=0.5, wet=0.08, seed=14)


def _hat_rolls() -> Stereo:
    rng, loop = _rng(15), Bars(140, 2)
    loop.play("X.x.x.xxX.x.x.x.", lambda: synth.hat(rng=rng), level=0.7)
    for number in range(8):
        loop.add(synth.hat(rng=rng), 28 + number / 2, level=0.2 + 0.06 * number, pan=number / 8)
    loop.add(synth.hat(open_s=0.25, rng=rng), 14, level=0.5)
    return loop.sound


def _shakers() -> Stereo:
    rng, loop = _rng(16), Bars(90, 2, swing=0.58)
    loop.play("xoXoxoXo", lambda: synth.shaker(rng=rng), level=0.8, pan=0.3)
    loop.play("......o.....o..o", lambda: synth.wood(hz=760), level=0.6, pan=-0.4)
    return synth.room(loop.sound, decay_s=0.5, wet=0.12, seed=16)


def _congas() -> Stereo:
    loop = Bars(124, 2)
    for step, pitch, level in (
        (0, 52, 0.6), (3, 57, 0.9), (6, 57, 0.5), (7, 52, 0.5), (10, 52, 0.9), (11, 57, 0.4),
        (14, 57, 0.8), (16, 52, 0.6), (19, 57, 0.9), (22, 60, 0.6), (24, 60, 0.4), (26, 52, 0.9),
        (29, 57, 0.5), (30, 57, 0.7),
    ):  # fmt: skip
        time = synth.seconds(0.3)
        hz = synth.hertz(pitch) * (1 + 0.25 * synth.decay(time, 0.012))
        skin = np.sin(2 * np.pi * np.cumsum(hz) / RATE) * synth.decay(time, 0.045)
        loop.add(synth.shaped(skin, attack=0.0008, release=0.1), step, level=level, pan=0.2)
    return synth.room(loop.sound, decay_s=0.6, wet=0.12, seed=17)


def _bass_808() -> Stereo:
    loop = Bars(140, 4)
    line = ((0, 33, 6), (6, 33, 4), (10, 33, 5), (16, 29, 9), (27, 29, 4), (32, 26, 6),
            (38, 26, 4), (42, 28, 5), (48, 28, 8), (58, 31, 3), (61, 32, 3))  # fmt: skip
    previous: float | None = None
    for step, note, length in line:
        glide = previous if step in (42, 58) else None
        loop.add(synth.bass_808(note, length * 0.107 + 0.1, slide_from=glide), step, level=0.9)
        previous = note
    return loop.sound


def _bass_round(bpm: float, shift: int) -> Stereo:
    loop = Bars(bpm, 4)
    line = ((0, 33, 5), (6, 40, 2), (8, 33, 3), (14, 31, 2), (16, 29, 5), (22, 36, 2), (24, 29, 4),
            (32, 26, 5), (38, 33, 2), (40, 26, 4), (48, 28, 5), (54, 35, 2), (56, 28, 3),
            (60, 32, 2), (62, 28, 2))  # fmt: skip
    for step, note, length in line:
        loop.add(synth.bass_sub(note + shift, length * 15.0 / bpm), step, level=0.85)
    return loop.sound


CHORDS = ((57, 60, 64, 67, 71), (53, 57, 60, 64, 67), (50, 57, 60, 65, 69), (52, 56, 62, 67, 71))


def _electric_piano() -> Stereo:
    loop = Bars(90, 4, swing=0.58)
    for bar, chord in enumerate(CHORDS):
        for step, length, level in ((0, 5, 0.34), (7, 3, 0.22), (10, 6, 0.28)):
            for number, note in enumerate(chord):
                tone = synth.electric_piano(note, length * 0.1667 + 0.3, velocity=level * 2.4)
                loop.add(tone, bar * 16 + step + number * 0.03, level=level, pan=number / 6 - 0.33)
    turn = 2 * np.pi * 5.0 * np.arange(loop.sound.shape[1]) / RATE
    trembling = loop.sound * np.stack([1 + 0.22 * np.sin(turn), 1 - 0.22 * np.sin(turn)])
    return synth.room(np.tanh(1.2 * trembling), decay_s=1.2, wet=0.16, seed=21)


def _house_chords() -> Stereo:
    rng, loop = _rng(22), Bars(124, 4)
    for bar, chord in enumerate(CHORDS):
        stab = sum(synth.strings(note, 0.34, rng=rng) for note in chord[:4])
        dull = synth.filtered(np.asarray(stab), synth.lowpass(2600.0))
        for step in (0, 3, 6, 11, 14):
            loop.add(dull[0] * 0.3, bar * 16 + step, pan=-0.5)
            loop.add(dull[1] * 0.3, bar * 16 + step, pan=0.5)
    return synth.room(loop.sound, decay_s=1.4, wet=0.22, seed=22)


def _pad(bpm: float, shift: int, seed: int, cut_hz: float) -> Stereo:
    rng, loop = _rng(seed), Bars(bpm, 4)
    bar_s = 240.0 / bpm
    for bar, chord in enumerate(CHORDS):
        for note in chord[:4]:
            tone = synth.strings(note + shift, bar_s * 1.15, rng=rng)
            loop.add(tone[0], bar * 16, level=0.3, pan=-0.8)
            loop.add(tone[1], bar * 16, level=0.3, pan=0.8)
    dark = synth.filtered(loop.sound, synth.lowpass(cut_hz))
    light = synth.filtered(loop.sound, synth.lowpass(cut_hz * 4))
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(loop.sound.shape[1]) / loop.sound.shape[1])
    return synth.room(dark * (1 - swell) + light * swell, decay_s=2.6, wet=0.4, seed=seed)


def _pluck_melody() -> Stereo:
    rng, loop = _rng(31), Bars(140, 4)
    line = ((0, 76), (3, 72), (6, 69), (10, 71), (12, 72), (16, 77), (19, 72), (22, 69), (26, 67),
            (28, 69), (32, 74), (35, 69), (38, 65), (42, 67), (44, 69), (48, 71), (51, 68),
            (54, 64), (56, 71), (60, 74), (62, 71))  # fmt: skip
    for step, note in line:
        loop.add(synth.pluck(note, 0.9, rng=rng), step, level=0.7, pan=0.25 - 0.5 * (step % 4 > 1))
        loop.add(synth.pluck(note, 0.6, bright=0.2, rng=rng), step + 3, level=0.2, pan=-0.6)
    return synth.room(loop.sound, decay_s=1.5, wet=0.25, seed=31)


def _bell_melody() -> Stereo:
    loop = Bars(90, 4)
    line = ((2, 81), (6, 79), (8, 76), (18, 77), (22, 76), (24, 72), (34, 74), (38, 76), (40, 77),
            (50, 76), (54, 74), (56, 71), (60, 68))  # fmt: skip
    for step, note in line:
        loop.add(synth.bell(note, 1.6), step, level=0.5, pan=0.4 * (-1) ** step)
    return synth.room(loop.sound, decay_s=2.2, wet=0.35, seed=32)


def _arpeggio() -> Stereo:
    loop = Bars(110, 4)
    for bar, chord in enumerate(CHORDS):
        for step in range(16):
            note = (*chord, chord[1] + 12)[(0, 2, 3, 5, 4, 3, 2, 1)[step % 8]] + 12
            frames = round(0.24 * RATE)
            tone = synth.saw(synth.hertz(note), frames) * synth.decay(synth.seconds(0.24), 0.08)
            tone = synth.filtered(tone, synth.lowpass(1800.0 + 220.0 * (step % 5)))
            loop.add(synth.shaped(tone, attack=0.002, release=0.03), bar * 16 + step, level=0.5,
                     pan=0.5 * (-1) ** step)  # fmt: skip
    return synth.room(loop.sound, decay_s=1.2, wet=0.22, seed=33)


def _vocal_chops() -> Stereo:
    rng, loop = _rng(41), Bars(90, 4)
    line = ((0, 69, 3, "ah"), (4, 72, 2, "oh"), (7, 71, 2, "ah"), (16, 69, 5, "oh"),
            (24, 67, 3, "ee"), (32, 65, 3, "ah"), (36, 69, 2, "ah"), (39, 67, 3, "oh"),
            (48, 68, 4, "oh"), (54, 71, 5, "ah"))  # fmt: skip
    for step, note, length, vowel in line:
        tone = synth.voice(note - 12, length * 0.15 + 0.1, vowels=(vowel, "oh"), rng=rng)
        loop.add(tone, step, level=0.6)
    return synth.room(loop.sound, decay_s=1.8, wet=0.3, seed=41)


def _riser() -> Stereo:
    from loopmind.dsp.treatments import treat

    rng = _rng(51)
    noise = rng.normal(size=(2, 4 * RATE)).astype(np.float32) * np.float32(0.3)
    sweep = treat(noise, "riser", frames=4 * RATE, rate_hz=RATE, beat_s=0.5)
    time = synth.seconds(4.0)
    tone = synth.saw(synth.hertz(45) * 2 ** (time / 2), time.size) * (time / 4) ** 2
    return sweep + 0.25 * synth.filtered(tone, synth.lowpass(3000.0))


def _impact() -> Stereo:
    rng = _rng(52)
    boom = synth.kick(deep=34, punch=90, length=2.4, drive=2.0, rng=rng)
    time = synth.seconds(3.0)
    wash = synth.filtered(rng.normal(size=(2, time.size)), synth.bandpass(5000.0, 3.5))
    out = wash / np.abs(wash).max() * 0.5 * synth.decay(time, 0.35)
    out[:, : boom.size] += boom
    return np.stack([synth.shaped(side, attack=0.0005, release=0.8) for side in out])


def _vinyl() -> Stereo:
    rng, loop = _rng(53), Bars(90, 4)
    frames = loop.sound.shape[1]
    hiss = synth.filtered(rng.normal(size=(2, frames)), synth.bandpass(3500.0, 4.0)) * 0.02
    clicks = np.where(rng.random(frames) < 0.00025, rng.normal(size=frames), 0.0)
    return hiss + synth.filtered(clicks, synth.bandpass(2800.0, 2.0))


def recipes() -> dict[str, Recipe]:
    """Every file of the crate by its path within it; names are as mixed as in a real folder."""
    return {
        "drums/trap_drums_140bpm.wav": _trap_drums,
        "drums/dusty break 90.wav": _dusty_drums,
        "drums/House_Top_124.flac": _house_drums,
        "drums/dnb_break_172bpm.wav": _break_drums,
        "percussion/hat_rolls_140.wav": _hat_rolls,
        "percussion/shaker+wood_90bpm.wav": _shakers,
        "percussion/loop 07.wav": _congas,
        "bass/Dark808_Am_140.wav": _bass_808,
        "bass/round_bass_Am_90bpm.wav": lambda: _bass_round(90, 0),
        "bass/deep_bass_Fm_124.flac": lambda: _bass_round(124, -4),
        "keys/ep_Am_90bpm.wav": _electric_piano,
        "keys/stabs_A minor_124.wav": _house_chords,
        "pads/TapePad_Am.wav": lambda: _pad(90, 0, 23, 600.0),
        "pads/Ünïcode påd (final) FINAL2 Fm 140.wav": lambda: _pad(140, -4, 24, 1100.0),
        "leads/pluck_Am_140bpm.wav": _pluck_melody,
        "leads/glass bell Am 90.wav": _bell_melody,
        "leads/arp_Am_110.wav": _arpeggio,
        "vocals/vox_chops_Am_90.wav": _vocal_chops,
        "fx/riser_4s.wav": _riser,
        "fx/impact.wav": _impact,
        "fx/vinyl & dust.wav": _vinyl,
        "one-shots/kick.wav": lambda: synth.kick(rng=_rng(1)),
        "one-shots/snare_01.wav": lambda: synth.snare(rng=_rng(2)),
        "one-shots/clap.wav": lambda: synth.clap(rng=_rng(3)),
        "one-shots/closed_hat.wav": lambda: synth.hat(rng=_rng(4)),
        "one-shots/open_hat.wav": lambda: synth.hat(open_s=0.3, rng=_rng(5)),
        "one-shots/808_A.wav": lambda: synth.bass_808(33, 1.8),
    }


def sound(name: str) -> Audio:
    """The sound of one file of `recipes()`, its peak at -1 dBFS."""
    made = np.atleast_2d(recipes()[name]())
    level = 10 ** (-1 / 20) / np.abs(made).max()
    return Audio((made * level).astype(np.float32), RATE)


def write_demo_crate(
    folder: Path, progress: Callable[[int, int, str], None] | None = None
) -> tuple[Path, ...]:
    """Write the crate into `folder` (made if missing) and return its files, sorted.

    The same bytes every time; a file that is there already is left as it is, so corrections and
    the analysis made of it stay valid. Raises files.encode.OutputError where nothing can be
    written.
    """
    from loopmind.files.encode import write_audio

    def write(name: str) -> None:
        path = folder / name
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_audio(path, sound(name))

    names = sorted(recipes())
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for number, (name, _) in enumerate(zip(names, pool.map(write, names), strict=True)):
            if progress is not None:
                progress(number + 1, len(names), name)
    return tuple(folder / name for name in names)
