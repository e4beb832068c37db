"""Reading sound files: every kind, the damaged and the odd ones, each with its message."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from loopmind.files.decode import AudioFileError, decode, probe, read_audio, to_stereo

RATE = 44100


def tone(frames: int = RATE, channels: int = 2) -> NDArray[np.float32]:
    """(frames, channels): a decaying tone, louder on the left."""
    t = np.arange(frames) / RATE
    sound = 0.5 * np.sin(2 * np.pi * 220 * t) * np.exp(-t)
    return np.stack([sound / (c + 1) for c in range(channels)], axis=1).astype(np.float32)


def wav_bytes(subtype: str = "PCM_16", frames: int = RATE, channels: int = 2) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, tone(frames, channels), RATE, subtype, format="WAV")
    return stream.getvalue()


def encoded(kind: str, subtype: str, rate: int = RATE) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, tone(), rate, subtype, format=kind)
    return stream.getvalue()


def noisy_ogg() -> bytes:
    """Noise, which fills many Ogg pages."""
    stream = io.BytesIO()
    sound = np.random.default_rng(2).uniform(-0.5, 0.5, 2 * RATE)
    soundfile.write(stream, sound, RATE, "VORBIS", format="OGG")
    return stream.getvalue()


def vorbis_in_wav() -> bytes:
    """Ogg Vorbis in a RIFF container, the way old LMMS samples are."""
    ogg = encoded("OGG", "VORBIS")
    fmt = struct.pack("<HHIIHHHHHI", 0x674F, 1, RATE, 11000, 1, 16, 8, 513, 513, 0)
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt
    chunks += b"fact" + struct.pack("<II", 4, RATE) + b"data" + struct.pack("<I", len(ogg)) + ogg
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(
    ("kind", "subtype", "exact"),
    [
        ("WAV", "PCM_U8", 1e-2), ("WAV", "PCM_16", 1e-4), ("WAV", "PCM_24", 1e-6),
        ("WAV", "PCM_32", 1e-6), ("WAV", "FLOAT", 0.0), ("WAV", "DOUBLE", 1e-7),
        ("WAV", "ULAW", 5e-2), ("WAVEX", "PCM_24", 1e-6), ("RF64", "PCM_16", 1e-4),
        ("AIFF", "PCM_16", 1e-4), ("AIFF", "FLOAT", 0.0), ("FLAC", "PCM_24", 1e-6),
        ("OGG", "VORBIS", 0.1), ("MP3", "MPEG_LAYER_III", 0.1), ("CAF", "PCM_24", 1e-6),
        ("W64", "PCM_16", 1e-4), ("AU", "PCM_16", 1e-4),
    ],
)  # fmt: skip
def test_every_format_and_depth_gives_the_same_sound(
    tmp_path: Path, kind: str, subtype: str, exact: float
) -> None:
    file = tmp_path / "sound.wav"  # the extension lies for most of them
    file.write_bytes(encoded(kind, subtype))
    audio = read_audio(file)
    assert (audio.channels, audio.rate_hz) == (2, RATE)
    assert audio.frames == RATE
    assert np.abs(audio.samples - tone().T).max() <= exact
    assert not audio.samples.flags.writeable


def test_opus_and_other_rates(tmp_path: Path) -> None:
    (tmp_path / "a.opus").write_bytes(encoded("OGG", "OPUS", 48000))
    assert read_audio(tmp_path / "a.opus").rate_hz == 48000
    soundfile.write(tmp_path / "b.wav", tone(8000, 1), 8000)
    soundfile.write(tmp_path / "c.flac", tone(), 192000, "PCM_24")
    assert read_audio(tmp_path / "b.wav").channels == 1
    assert probe(tmp_path / "c.flac").rate_hz == 192000


def test_max_seconds_reads_the_beginning_only(tmp_path: Path) -> None:
    file = tmp_path / "long.wav"
    file.write_bytes(wav_bytes(frames=4 * RATE))
    part = decode(file, max_seconds=0.5)
    assert part.audio.frames == RATE // 2
    assert part.info.frames == 4 * RATE
    assert np.array_equal(part.audio.samples, read_audio(file).samples[:, : RATE // 2])


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8, 11])
def test_many_channels_are_mixed_to_stereo_without_clipping(channels: int) -> None:
    mixed = to_stereo(np.ones((channels, 10), np.float32))
    assert mixed.shape == (2, 10)
    assert np.allclose(mixed, 1.0)  # weights of each side sum to one
    left = np.zeros((channels, 10), np.float32)
    left[0] = 1.0
    assert to_stereo(left)[0].min() > 0.0 == to_stereo(left)[1].max()


def test_the_low_frequency_channel_of_surround_is_left_out() -> None:
    only_lfe = np.zeros((6, 4), np.float32)
    only_lfe[3] = 1.0
    assert not to_stereo(only_lfe).any()


def film(container: str, *tracks: str) -> bytes:
    """What a film begins with, as far as it says which tracks it has; real ones say the same."""
    if container == "mp4":
        handlers = {"picture": b"vide", "sound": b"soun"}
        boxes = [b"hdlr" + bytes(8) + handlers[track] + bytes(13) for track in tracks]
        moov = b"moov" + b"".join((len(box) + 4).to_bytes(4, "big") + box for box in boxes)
        media = b"mdat" + bytes(10_000)
        parts = (b"ftypisom" + bytes(8), media, moov)
        return b"".join((len(part) + 4).to_bytes(4, "big") + part for part in parts)
    if container == "ogg":
        heads = {"picture": b"\x80theora", "sound": b"\x01vorbis"}
        pages = (b"OggS\0\x02" + bytes(20) + b"\x01\x2a" + heads[track] + bytes(35)
                 for track in tracks)  # fmt: skip
        return b"".join(pages) + bytes(500)
    if container == "avi":
        kinds = {"picture": b"vids", "sound": b"auds"}
        heads = b"".join(b"strh" + (56).to_bytes(4, "little") + kinds[track] + bytes(52)
                         for track in tracks)  # fmt: skip
        return b"RIFF" + (len(heads) + 4).to_bytes(4, "little") + b"AVI " + heads
    codecs = {"picture": b"\x86\x85V_VP9", "sound": b"\x86\x86A_OPUS"}
    return bytes.fromhex("1a45dfa3") + bytes(40) + b"".join(codecs[track] for track in tracks)


@pytest.mark.parametrize("container", ["mp4", "ogg", "avi", "mkv"])
def test_a_film_without_a_sound_track_is_told_from_one_with_sound(
    tmp_path: Path, container: str
) -> None:
    file = tmp_path / f"film.{container}"
    file.write_bytes(film(container, "picture"))
    with pytest.raises(AudioFileError, match="holds pictures but no sound; choose a file with"):
        decode(file)
    file.write_bytes(film(container, "picture", "sound"))
    with pytest.raises(AudioFileError, match="does not read; convert it to WAV or FLAC"):
        decode(file)


def make_unreadable(kind: str, file: Path) -> None:
    data = wav_bytes()
    bad: dict[str, bytes] = {
        "empty": b"",
        "header cut": data[:30],
        "no samples": data[:44],
        "text": b"this is not audio\n" * 40,
        "noise": np.random.default_rng(0).integers(1, 255, 4000, np.uint8).tobytes(),
        "zeros": bytes(4000),
        "m4a": b"\0\0\0\x20ftypM4A " + bytes(500),
        "aac": b"\xff\xf1\x50\x80" + bytes(range(1, 200)),
        "wma": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(500),
        "midi": b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk" + bytes(20),
    }
    if kind in bad:
        file.write_bytes(bad[kind])
        return
    samples = tone()
    if kind == "NaN":
        samples[100] = np.nan
    elif kind == "infinite":
        samples[100, 0] = np.inf
    else:
        samples[100] = 1e20
    soundfile.write(file, samples, RATE, "FLOAT")


@pytest.mark.parametrize(
    ("kind", "reason", "remedy"),
    [
        ("empty", "empty (0 bytes)", "copy it again"),
        ("header cut", "damaged at its beginning", "copy it again"),
        ("no samples", "no samples", "copy it again"),
        ("text", "text, not audio", "remove it"),
        ("noise", "no audio that LoopMind can read", "convert it to WAV or FLAC"),
        ("zeros", "zero bytes only", "copy it again"),
        ("m4a", "AAC", "convert it to WAV or FLAC"),
        ("aac", "AAC", "convert it to WAV or FLAC"),
        ("wma", "WMA", "convert it to WAV or FLAC"),
        ("midi", "MIDI file", "render it"),
        ("NaN", "samples that are no numbers (2 NaN", "render it again"),
        ("infinite", "samples that are no numbers (1 NaN", "render it again"),
        ("huge", "impossible size", "render it again"),
    ],
)
def test_unusable_files_say_why_and_what_to_do(
    tmp_path: Path, kind: str, reason: str, remedy: str
) -> None:
    file = tmp_path / "ループ.wav"
    make_unreadable(kind, file)
    with pytest.raises(AudioFileError) as caught:
        read_audio(file)
    assert reason in caught.value.reason
    assert remedy in caught.value.remedy
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("make", "share", "note"),
    [
        (lambda: cut(wav_bytes()), 0.5, "size field"),
        (lambda: cut(encoded("FLAC", "PCM_16")), 0.4, "cut short"),
        (lambda: cut(noisy_ogg()), 0.3, ""),
        (lambda: cut(encoded("MP3", "MPEG_LAYER_III")), 0.3, "cut short"),
        (lambda: wav_bytes()[:40] + b"\xff\xff\xff\x7f" + wav_bytes()[44:], 1.0, "size field"),
        (lambda: wav_bytes()[:16] + b"\xff\xff\xff\x7f" + wav_bytes()[20:], 1.0, "header"),
        (lambda: wav_bytes() + b"JUNK" * 500, 1.0, ""),
        (vorbis_in_wav, 1.0, "Ogg Vorbis inside a WAV"),
    ],
    ids=["wav", "flac", "ogg", "mp3", "data size", "fmt size", "junk", "vorbis in wav"],
)  # fmt: skip
def test_damaged_files_give_what_is_left(
    tmp_path: Path, make: Callable[[], bytes], share: float, note: str
) -> None:
    file = tmp_path / "damaged.wav"
    file.write_bytes(make())
    found = decode(file)
    assert share * 0.9 * RATE <= found.audio.frames <= RATE * 1.05
    assert note in " ".join(found.notes)
    assert np.abs(found.audio.samples).max() > 0.1


def test_a_damaged_stretch_becomes_silence_and_the_rest_stays_in_place(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, (3 * RATE, 1)).astype(np.float32)
    stream = io.BytesIO()
    soundfile.write(stream, sound, RATE, "PCM_16", format="FLAC")
    data = bytearray(stream.getvalue())
    data[len(data) // 3] ^= 0xFF
    file = tmp_path / "flip.flac"
    file.write_bytes(bytes(data))
    found = decode(file)
    assert found.audio.frames == 3 * RATE
    assert "silence" in " ".join(found.notes)
    assert np.allclose(found.audio.samples[0, -RATE:], sound[-RATE:, 0], atol=1e-4)


@pytest.mark.parametrize(
    "name", ["no_extension", "UPPER.WAV", "Čeština ñandú.wav", "عربي.wav", "🥁 (1) [x]'%20&.wav",
             "long_" * 45 + ".wav"]
)  # fmt: skip
def test_names_do_not_matter(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(wav_bytes())
    assert read_audio(str(file)).frames == RATE


def test_places_that_are_no_files(tmp_path: Path) -> None:
    loop = tmp_path / "a.wav"
    loop.symlink_to(tmp_path / "b.wav")
    (tmp_path / "b.wav").symlink_to(loop)
    gone = tmp_path / "gone.wav"
    gone.symlink_to(tmp_path / "nowhere.wav")
    for place, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "missing.wav", "does not exist"),
        (gone, "link to a file that does not exist"),
        (loop, "cannot be opened"),
    ):
        with pytest.raises(AudioFileError, match=words):
            read_audio(place)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.wav")
        with pytest.raises(AudioFileError, match="device or pipe"):
            read_audio(tmp_path / "pipe.wav")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_forbidden_files(tmp_path: Path) -> None:
    file = tmp_path / "mine.wav"
    file.write_bytes(wav_bytes())
    file.chmod(0)
    with pytest.raises(AudioFileError, match="permission denied"):
        read_audio(file)


def test_errors_survive_a_process_border() -> None:
    import pickle

    error = AudioFileError("a.wav", "is silent", "remove it")
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.reason, again.remedy) == ("a.wav", "is silent", "remove it")
