"""A song with everything in it, for the tests of the documents (also odd names and no key)."""

from __future__ import annotations

import math

from loopmind.music.belief import Belief
from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Loop, Unusable
from loopmind.music.measured import Measured
from loopmind.music.mix import Compressor, EqBand, Mix, Sidechain, Strip
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Automation, Clip, Hit, Section, Song, Track

ODD_NAME = 'Ünï <b>"quoted"</b> & 808\'s </script><!-- 終.wav'
ROLES = ("drums", "percussion", "bass", "chords", "pad", "lead", "vocal", "fx")
RHYTHMS = tuple(
    tuple(float(mark) / 9 for mark in row)
    for row in (
        "9050703095217034",
        "6292629262926295",
        "9000003050000300",
        "7100005001007000",
        "5321112111111111",
        "9003004000700350",
        "0000008300005000",
        "9000000000000000",
    )
)
FILES = {
    "drums": "drums/trap_break_140.wav", "percussion": "perc/shaker 02.wav",
    "bass": f"bass/{ODD_NAME}", "chords": "keys/Rhodes Night Am.flac",
    "pad": "pads/TapePad_dark.wav", "lead": "leads/pluck_run_A_minor_140.wav",
    "vocal": "vox/chop oh yeah.mp3", "fx": "fx/crash long.wav",
}  # fmt: skip


def sample_loop(path: str, digest: str, role: str) -> Loop:
    pitched = role not in ("drums", "percussion", "fx")
    return Loop(
        path=path, digest=digest, kind="loop", kind_confidence=0.9, rate_hz=44100, channels=2,
        frames=302400, tempo=(Belief(140.0, 0.8), Belief(70.0, 0.2)), beats_per_bar=4,
        downbeat_s=0.0, seamless=True, swing=0.5, onsets_s=(0.0,), onset_strengths=(1.0,),
        rhythm=RHYTHMS[ROLES.index(role)], key=(Belief(Key(9, "minor"), 0.7),) if pitched else (),
        pitched=float(pitched), pitch_midi=None, tuning_cents=0.0, chroma=(0.0,) * 12,
        chroma_slices=((0.0,) * 12,) * 8, loudness_lufs=-16.0, peak_dbfs=-1.0, crest_db=12.0,
        spectrum_db=(0.0,) * 10, brightness_hz=2000.0, energy=0.5,
        instrument=(Belief(role, 1.0),), role=(Belief(role, 1.0),), tags=(Belief("dark", 1.0),),
        embedding=(1.0,), evidence=("name: 140 bpm",),
    )  # fmt: skip


def sample_crate() -> Crate:
    loops = [sample_loop(FILES[role], f"d{i}", role) for i, role in enumerate(ROLES)]
    loops += [
        sample_loop(f"more/{role} take {n}.wav", f"r{i}{n}", role)
        for i, role in enumerate(ROLES)
        for n in range(5)
    ]
    broken = (
        Unusable("vox/old <take>.mp3", "is empty", "record it again or delete it"),
        Unusable("broken & sad.wav", "ends in the middle", "export it again"),
    )
    return Crate(tuple(sorted(loops, key=lambda loop: loop.path)), broken)


SECTIONS = (
    Section("intro", "intro", 0, 4, 0.25), Section("verse 1", "verse", 4, 8, 0.5),
    Section("hook 1", "hook", 12, 8, 0.95), Section("verse 2", "verse", 20, 8, 0.6),
    Section("bridge", "bridge", 28, 4, 0.35), Section("breakdown", "breakdown", 32, 4, 0.2),
    Section("drop", "drop", 36, 8, 1.0), Section("outro", "outro", 44, 4, 0.2),
)  # fmt: skip
PLAYS = {
    "drums": (1, 2, 3, 6), "percussion": (1, 2, 3, 6, 7), "bass": (1, 2, 3, 6),
    "chords": (0, 1, 2, 3, 4, 7), "pad": (0, 4, 5, 7), "lead": (2, 3, 6), "vocal": (2, 6),
    "fx": (2, 6),
}  # fmt: skip


def sample_song() -> Song:
    clips: list[Clip] = []
    for i, role in enumerate(ROLES):
        for number in PLAYS[role]:
            section = SECTIONS[number]
            start, beats = section.start_bar * 4.0, section.bars * 4.0
            name = f"{role}-{number}"
            if role == "fx":
                clips.append(
                    Clip(f"{name}-rise", role, start - 8, 8, "d7", 140.0, treatment="riser")
                )
                clips.append(Clip(name, role, start, 4, hits=(Hit(0.0, "d7", 1.0),)))
            elif role == "drums":
                half = beats / 2
                clips.append(Clip(name + "a", role, start, half, "d0", 140.0, loop_beats=16))
                clips.append(
                    Clip(name + "b", role, start + half, half, "d0", 140.0, loop_beats=16,
                         silences=((half - 2, 2.0),))
                )  # fmt: skip
            else:
                clips.append(
                    Clip(name, role, start, beats, f"d{i}", 140.0, loop_beats=16, semitones=i % 3,
                         fade_in_beats=4.0 if role == "pad" else 0.0)
                )  # fmt: skip
    return Song(
        title="Night <Drive> & Rain", seed=7, bpm=140.0, key=Key(9, "minor"), beats_per_bar=4,
        brief=Brief(
            prompt="dark trap 140 bpm, no piano, please", genre="trap", moods=("dark",),
            understood=("trap", "dark", "140 bpm", "no piano"), ignored=("please",),
        ),
        swing=0.54, sections=SECTIONS, tail_beats=8.0,
        tracks=tuple(Track(role, role.capitalize(), role, role) for role in ROLES),  # type: ignore[arg-type]
        clips=tuple(clips),
        automation=(
            Automation("chords", "lowpass_hz", ((0.0, 400.0), (16.0, 18000.0))),
            Automation("master", "gain_db", ((176.0, 0.0), (192.0, -60.0))),
        ),
    )  # fmt: skip


def sample_palette() -> Palette:
    def candidate(digest: str, score: float, semitones: int) -> Candidate:
        parts = (("rhythm", score * 0.9), ("harmony", min(1.0, score * 1.1)), ("spectrum", 0.7),
                 ("mood", 0.5), ("cost", 1.0 - semitones * 0.1))  # fmt: skip
        return Candidate(digest, score, parts, 140.0, 16.0, 1.0, semitones)

    return Palette(
        bpm=140.0, key=Key(9, "minor"), beats_per_bar=4, swing=0.54,
        choices=tuple(
            Choice(
                role, role, role, candidate(f"d{i}", 0.91 - i * 0.04, i % 3),  # type: ignore[arg-type]
                tuple(candidate(f"r{i}{n}", 0.8 - i * 0.04 - n * 0.05, n) for n in range(5)),
                f"Its rhythm answers the {ROLES[max(0, i - 1)]} and it is already in A minor.",
            )
            for i, role in enumerate(ROLES)
        ),
        unfilled=(("strings", "no loop in the folder sounds like strings"),),
        notes=("All loops were read at 140 bpm.",),
    )  # fmt: skip


def sample_mix() -> Mix:
    return Mix(
        style="polished",
        strips=tuple(
            Strip(
                role, gain_db=-3.0 - i, pan=(-0.3, 0.0, 0.25)[i % 3],
                eq=(EqBand("lowcut", 90.0),) if role != "bass" else (EqBand("peak", 60.0, 2.0),),
                compressor=Compressor(-18.0, 3.0, 0.01, 0.12) if i < 3 else None,
                reverb_send_db=-14.0 if i > 2 else None,
                sidechain=Sidechain("drums", 6.0, 0.005, 0.15) if role == "bass" else None,
                why=f"Sits at {-3 - i} dB so that the drums lead.",
            )
            for i, role in enumerate(ROLES)
        ),
    )  # fmt: skip


def sample_measured() -> Measured:
    length = 200 * 60.0 / 140.0
    curve = []
    for step in range(int(length)):
        beat = step * 140.0 / 60.0
        section = next((s for s in SECTIONS if beat < (s.start_bar + s.bars) * 4), None)
        level = -40.0 if section is None else -28.0 + 16.0 * section.energy
        curve.append(level + 1.2 * math.sin(step * 1.7))
    curve[-1] = -math.inf
    return Measured(-14.02, -1.01, length, tuple(curve), 1.0, (("song", "song.wav"),))
