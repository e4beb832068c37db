"""Mix decisions: level, place, tone, dynamics and space of every track, and of the whole.

Levels come from the measured loudness of what plays and the genre's balance of roles; tone from
templates per role, corrected where two tracks share a register. Nothing is processed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loopmind.compose.clashes import band_shares, clash_bands
from loopmind.compose.genres import GenreProfile
from loopmind.compose.levels import kit_level_lu, pattern_lufs, source_lufs
from loopmind.compose.wishes import genre_of
from loopmind.errors import UsageError
from loopmind.music.brief import MIX_STYLES
from loopmind.music.loop import Crate, Loop
from loopmind.music.mix import Compressor, EqBand, Master, Mix, Reverb, Sidechain, Strip
from loopmind.music.palette import Palette
from loopmind.music.song import Clip, Song, Track

DRUM_REFERENCE_LUFS = -18.0
MAX_GAIN_DB, MIN_GAIN_DB = 18.0, -30.0
HEADROOM_DBFS = -1.0
DUCKING_SHARE = 0.5
# A finished track that is cut up is mixed already: level and low cut are all it needs.
SAMPLE_ID = "sample"
SAMPLE_LU = 3.0
KIT_IDS = frozenset({"kick", "snare", "clap", "hat", "cymbal", "tom", "perc", "crash", "fill"})
# Below this nothing of the role is missed; the room belongs to kick and bass.
LOWCUT_HZ = {"kick": 28.0, "snare": 90.0, "clap": 180.0, "hat": 250.0, "cymbal": 220.0,
             "tom": 60.0, "perc": 160.0, "crash": 220.0, "fill": 90.0, "drums": 28.0,
             "percussion": 140.0, "bass": 30.0, "chords": 110.0, "lead": 140.0, "pad": 150.0,
             "vocal": 95.0, "fx": 120.0, "riser": 150.0, "sample": 24.0}  # fmt: skip
WIDTH = {"kick": 0.0, "snare": 0.6, "bass": 0.25, "chords": 1.2, "pad": 1.4, "percussion": 1.15,
         "vocal": 0.9, "fx": 1.4, "riser": 1.4, "crash": 1.2}  # fmt: skip
PAN = {"hat": 0.12, "perc": -0.28, "percussion": 0.18, "clap": -0.06, "tom": 0.2, "crash": -0.15,
       "cymbal": -0.18}  # fmt: skip
_COMPRESSED: dict[str, tuple[float, float, float]] = {
    # role or voice -> ratio, attack, release
    "drums": (2.5, 0.02, 0.12), "kick": (3.0, 0.012, 0.09), "snare": (3.0, 0.012, 0.1),
    "bass": (3.5, 0.01, 0.12), "vocal": (3.0, 0.006, 0.12), "lead": (2.0, 0.015, 0.15),
    "chords": (1.8, 0.025, 0.18), "percussion": (2.0, 0.01, 0.1),
}  # fmt: skip
_DRIVE_SHARE = {"bass": 1.0, "drums": 0.8, "kick": 0.6, "snare": 0.7, "percussion": 0.5,
                "chords": 0.5, "lead": 0.5, "vocal": 0.3}  # fmt: skip


@dataclass(frozen=True)
class _Heard:
    """A track with the loop that stands for its sound, and its loudness as it plays."""

    track: Track
    loop: Loop | None
    lufs: float

    @property
    def part(self) -> str:
        """What the tables know it by: its id for kit voices and made tracks, else its role."""
        made = self.track.id in KIT_IDS or self.track.id in ("riser", SAMPLE_ID)
        return self.track.id if made else self.track.role


def mix_song(
    song: Song, palette: Palette, crate: Crate, *, style: str | None = None,
    target_lufs: float = -14.0, profile: GenreProfile | None = None,
) -> Mix:  # fmt: skip
    """The mix of `song` in `style` (raw, polished or tape; None: as the brief or the genre says).

    One strip a track, in the order of the tracks. Raises UsageError for an unknown style.
    """
    genre = profile or genre_of(song.brief, crate)
    chosen = style or song.brief.mix_style or genre.mix_style
    if chosen not in MIX_STYLES:
        raise UsageError(f"there is no mix style {chosen!r}; choose from {', '.join(MIX_STYLES)}")
    heard = _heard(song, palette, crate)
    sounds = {h.track.id: h.loop for h in heard if h.loop is not None}
    cuts = clash_bands({h.track.id: (h.part, sounds[h.track.id]) for h in heard
                        if h.track.id in sounds})  # fmt: skip
    has_bass = any(h.part == "bass" for h in heard)
    strips = []
    seen: dict[str, int] = {}
    for h in heard:
        number = seen.get(h.part, 0)
        seen[h.part] = number + 1
        strip = _levelled(h, genre, number)
        strip = _toned(strip, h, chosen, cuts.get(h.track.id, ()), has_bass, song)
        if chosen != "raw":
            strip = _dressed(strip, h, genre, chosen, song, heard)
        strips.append(replace(strip, why=_why(strip, h, cuts.get(h.track.id, ()), number)))
    return Mix(chosen, tuple(strips), _reverb(genre, song, chosen),
               _master(genre, song, chosen, target_lufs))  # fmt: skip


def _heard(song: Song, palette: Palette, crate: Crate) -> list[_Heard]:
    by_digest = crate.by_digest()
    main = {choice.slot: choice.picked.digest for choice in palette.choices}
    clips: dict[str, list[Clip]] = {}
    for clip in song.clips:
        clips.setdefault(clip.track, []).append(clip)
    found = []
    for track in song.tracks:
        own = clips.get(track.id, [])
        used = [c.digest for c in own if c.digest] + [h.digest for c in own for h in c.hits]
        digest = main.get(track.id) if main.get(track.id) in used else next(iter(used), "")
        loop = by_digest.get(digest or "")
        if loop is None:
            found.append(_Heard(track, None, DRUM_REFERENCE_LUFS))
        elif any(c.hits for c in own):
            found.append(_Heard(track, loop, pattern_lufs(own, by_digest, song.bpm)))
        else:
            found.append(_Heard(track, loop, source_lufs(loop)))
    return found


def _levelled(h: _Heard, genre: GenreProfile, number: int) -> Strip:
    """Gain to the role's place in the balance; pan and width of its template."""
    drums = genre.role("drums").level_lu
    if h.part in KIT_IDS or h.part == "riser":
        relative = drums + kit_level_lu(h.part)
    elif h.part == SAMPLE_ID:
        relative = drums + SAMPLE_LU
    else:
        relative = genre.role(h.track.role).level_lu - (2.0 if number else 0.0)
    gain = DRUM_REFERENCE_LUFS + relative - h.lufs
    if h.loop is not None and h.part in KIT_IDS:
        gain = min(gain, HEADROOM_DBFS - h.loop.peak_dbfs)
    gain = min(max(gain, MIN_GAIN_DB), MAX_GAIN_DB)
    pan = PAN.get(h.part, 0.0)
    if number:
        # A second sound of one role goes to the side, the third to the other.
        pan = 0.3 if number % 2 else -0.3
    return Strip(
        h.track.id, round(gain, 2), round(pan, 2), WIDTH.get(h.part, 1.0) if h.loop else 1.0
    )


def _toned(
    strip: Strip, h: _Heard, style: str, cuts: Sequence[EqBand], has_bass: bool, song: Song
) -> Strip:
    """Low cut, mud and harshness where they are, room for others, a little air."""
    lowcut = LOWCUT_HZ.get(h.part, 100.0)
    if not has_bass and h.track.role not in ("drums", "percussion"):
        # Nobody else holds the low end: leave it to whoever has one.
        lowcut = min(lowcut, 45.0)
    eq = [EqBand("lowcut", lowcut)]
    if style == "raw" or h.loop is None or h.part == SAMPLE_ID:
        return replace(strip, eq=tuple(eq))
    share = band_shares(h.loop)
    if share[250.0] > 0.42 and h.part not in ("bass", "kick", "tom"):
        eq.append(EqBand("peak", 280.0, -2.5, 0.9))
    if h.part in ("kick", "drums") and share[250.0] + share[500.0] > 0.3:
        eq.append(EqBand("peak", 350.0, -2.0, 1.0))
    if share[4000.0] + share[2000.0] > 0.6 and h.part not in ("hat", "cymbal", "crash", "clap"):
        eq.append(EqBand("peak", 3200.0, -2.0, 1.1))
    eq += cuts
    dull = share[8000.0] + share[16000.0] < 0.004
    wants_air = style == "polished" and not {"dark", "lo-fi"} & set(song.brief.moods)
    if dull and wants_air and h.part in ("vocal", "lead", "chords", "drums"):
        eq.append(EqBand("highshelf", 9000.0, 1.5))
    return replace(strip, eq=tuple(eq))


def _dressed(
    strip: Strip, h: _Heard, genre: GenreProfile, style: str, song: Song, heard: Sequence[_Heard]
) -> Strip:
    """Compressor, drive, reverb send and sidechain."""
    if h.part == SAMPLE_ID:
        return strip
    compressor = _compressor(h)
    drive = genre.drive * _DRIVE_SHARE.get(h.part, 0.2)
    if style == "tape":
        drive = min(drive + 0.18, 0.8)
    if "clean" in song.brief.moods:
        drive *= 0.4
    if "distorted" in song.brief.moods:
        drive = min(drive + 0.15, 0.9)
    sidechain = _sidechain(h, genre, song, heard)
    return replace(
        strip,
        gain_db=round(min(strip.gain_db + _ducking_makeup(sidechain), MAX_GAIN_DB), 2),
        compressor=compressor,
        drive=round(drive, 3),
        reverb_send_db=_send(h, genre, song),
        sidechain=sidechain,
    )


def _compressor(h: _Heard) -> Compressor | None:
    setting = _COMPRESSED.get(h.part)
    if setting is None or h.loop is None:
        return None
    ratio, attack, release = setting
    # It works on the file's own level: only what stands out of the body is held.
    body = h.loop.peak_dbfs - max(h.loop.crest_db, 3.0)
    threshold = max(body + 4.0, h.loop.peak_dbfs - 12.0)
    over = max(h.loop.peak_dbfs - threshold, 0.0)
    makeup = round(0.2 * over * (1.0 - 1.0 / ratio), 2)
    return Compressor(round(min(threshold, 0.0), 2), ratio, attack, release, makeup)


def _send(h: _Heard, genre: GenreProfile, song: Song) -> float | None:
    base = genre.role(h.track.role).send_db
    if h.part in ("kick", "bass"):
        return None
    if h.part in KIT_IDS:
        drums = genre.role("drums").send_db
        if drums is None:
            return None
        base = drums + {"snare": 4.0, "clap": 5.0, "crash": 4.0, "tom": 3.0}.get(h.part, 0.0)
    elif h.part == "riser":
        base = -12.0
    if base is None:
        return None
    moods = song.brief.moods
    base += 2.5 * ("dreamy" in moods) - 3.0 * ("clean" in moods) - 1.5 * ("punchy" in moods)
    return round(min(base, -4.0), 2)


def _sidechain(
    h: _Heard, genre: GenreProfile, song: Song, heard: Sequence[_Heard]
) -> Sidechain | None:
    if genre.sidechain_db <= 0 or h.track.role not in genre.sidechained or h.part in KIT_IDS:
        return None
    ids = [other.track.id for other in heard]
    source = next((i for i in ("kick", "drums") if i in ids), None)
    if source is None or source == h.track.id:
        return None
    depth = genre.sidechain_db * (0.8 if h.track.role == "chords" else 1.0)
    release = min(0.22, 0.32 * 60.0 / song.bpm)
    return Sidechain(source, round(depth, 2), 0.004, round(release, 3))


def _ducking_makeup(sidechain: Sidechain | None) -> float:
    """What ducking on every beat takes from a track's loudness, about half its depth."""
    return 0.0 if sidechain is None else DUCKING_SHARE * sidechain.depth_db


def _reverb(genre: GenreProfile, song: Song, style: str) -> Reverb:
    reverb = genre.reverb
    if "dreamy" in song.brief.moods:
        reverb = replace(reverb, decay_s=round(reverb.decay_s * 1.3, 2))
    if style == "tape":
        reverb = replace(reverb, damping=min(reverb.damping + 0.15, 0.9))
    return reverb


# Of the bands that `_master` draws; the highcut is wherever the style has it.
_MASTER_BANDS = {"lowcut": 25.0, "highshelf": 5000.0, "lowshelf": 110.0}


def is_own_master_band(band: EqBand) -> bool:
    """Whether a band of the master is one that a mix has by itself, not from a reference."""
    return band.kind == "highcut" or _MASTER_BANDS.get(band.kind) == band.freq_hz


def _master(genre: GenreProfile, song: Song, style: str, target_lufs: float) -> Master:
    eq = [EqBand("lowcut", 25.0)]
    if style == "raw":
        return Master(tuple(eq), None, 0.0, target_lufs)
    moods = song.brief.moods
    tilt = genre.tilt_db
    tilt += 1.2 * ("bright" in moods) - 1.2 * ("dark" in moods) - 0.6 * ("warm" in moods)
    if tilt:
        eq.append(EqBand("highshelf", 5000.0, round(tilt, 2)))
    if "warm" in moods or style == "tape":
        eq.append(EqBand("lowshelf", 110.0, 1.0))
    if style == "tape" or "lo-fi" in moods:
        eq.append(EqBand("highcut", 11000.0 if "lo-fi" in moods else 14500.0))
    # Enough to hold the tracks together, too little to level verse and hook.
    glue = Compressor(-14.0, round(1.15 + 0.7 * genre.glue, 2), 0.03, 0.22, round(genre.glue, 2))
    drive = 0.06 + 0.25 * genre.drive if style == "tape" else 0.12 * genre.drive
    return Master(tuple(eq), glue, round(drive, 3), target_lufs)


def _why(strip: Strip, h: _Heard, cuts: Sequence[EqBand], number: int) -> str:
    """What the strip does, for a reader who is no engineer."""
    way = "up" if strip.gain_db >= 0 else "down"
    said = [f"Turned {way} {abs(strip.gain_db):.1f} dB to sit in the balance"]
    if strip.pan:
        said.append(f"placed {'right' if strip.pan > 0 else 'left'} of the middle")
    elif h.part in ("kick", "bass", "snare", "vocal"):
        said.append("kept in the middle")
    if strip.width == 0.0:
        said.append("made mono so that it stays firm")
    elif strip.width > 1.1:
        said.append("widened")
    low = next((band.freq_hz for band in strip.eq if band.kind == "lowcut"), 0.0)
    if low >= 80.0:
        said.append(f"freed of rumble below {low:.0f} Hz, which belongs to kick and bass")
    said += [f"lowered by {-band.gain_db:g} dB round {band.freq_hz:.0f} Hz to leave room for "
             "others" for band in cuts]  # fmt: skip
    if strip.compressor is not None:
        said.append("evened out by a compressor")
    if strip.drive >= 0.1:
        said.append("warmed by saturation")
    if strip.reverb_send_db is not None:
        said.append("given room" if strip.reverb_send_db > -16.0 else "given a touch of room")
    if strip.sidechain is not None:
        said.append(f"ducked by the {strip.sidechain.source} so that the beat comes through")
    return "; ".join(said) + "."
