"""Readers of figures in a prompt: length, tempo, key, energy; as numbers or as words."""

from __future__ import annotations

import re
from typing import Any

from loopmind.compose import genres
from loopmind.compose.prompt_reading import Reading, any_of, clock
from loopmind.compose.vocabulary import LENGTH_WORDS, MODE_WORDS, NUMBER_WORDS, TEMPO_WORDS
from loopmind.music.key import Key

BPM_LIMITS = (40.0, 240.0)
LENGTH_LIMITS_S = (10.0, 1200.0)


def read_length(r: Reading) -> None:
    number = r"(\d+(?:\.\d+)?|" + "|".join(sorted(NUMBER_WORDS, key=len, reverse=True)) + ")"
    for m in r.matches(r"(?<![\d:])(\d{1,2}):([0-5]\d)(?![\d:])(?:\s?(?:min(?:utes?)?|m)\b)?"):
        return _set_length(r, m, int(m[1]) * 60.0 + int(m[2]))
    for m in r.matches(
        rf"\b{number}[\s-]*(?:minutes?|mins?|m)(?:\s?(?:and\s)?(\d{{1,2}})\s?(?:seconds|secs?|s))?\b"
    ):
        if m[1] == "a" and "half" in r.low[m.end() : m.end() + 12]:
            continue
        minutes = NUMBER_WORDS.get(m[1]) or float(m[1])
        half = re.match(r"\s+and\s+a\s+half\b", r.low[m.end() :])
        if half:
            r.taken[m.end() : m.end() + half.end()] = [True] * half.end()
        extra = float(m[2]) if m[2] else 30.0 if half else 0.0
        return _set_length(r, m, minutes * 60.0 + extra)
    for m in r.matches(r"\b(\d{1,2})m(\d{1,2})s?\b"):
        return _set_length(r, m, int(m[1]) * 60.0 + int(m[2]))
    for m in r.matches(r"\b(\d{1,4})[\s-]*(?:seconds?|secs?|s)\b"):
        if m[0] not in ("60s", "70s", "80s", "90s", "808s", "909s"):
            return _set_length(r, m, float(m[1]))
    return None


def _set_length(r: Reading, m: re.Match[str], seconds: float) -> None:
    r.take(m)
    low, high = LENGTH_LIMITS_S
    kept = min(max(seconds, low), high)
    r.fields["length_s"] = kept
    if kept != seconds:
        r.ignored.append(f"length {clock(seconds)} (made it {clock(kept)})")
    r.understood.append(f"length: {clock(kept)}")


def read_tempo(r: Reading) -> None:
    num, unit = r"(\d{2,3}(?:\.\d+)?)", r"(?:\s?bpm|\s?beats per minute)"
    for m in r.matches(
        rf"(?:between\s|from\s)?\b{num}{unit}?\s?(?:-|to|and|/)\s?{num}{unit}?(?![\w:])"
    ):
        ends = sorted((float(m[1]), float(m[2])))
        worded = re.search(r"bpm|per minute", m[0]) or "and" not in m[0]
        if worded or m[0].startswith("between"):
            return _set_bpm(r, m, ends[0], ends[1])
    for m in r.matches(rf"(?:around|about|roughly|approx\w*|circa|ca\.?|~|near)\s?{num}{unit}?\b"):
        return _set_bpm(r, m, float(m[1]) - 4.0, float(m[1]) + 4.0)
    for m in r.matches(
        rf"(?:over|above|faster than|at least|more than|min(?:imum)?)\s{num}{unit}?\b"
    ):
        return _set_bpm(r, m, float(m[1]), float(m[1]) + 40.0)
    for m in r.matches(
        rf"(?:under|below|slower than|at most|less than|max(?:imum)?)\s{num}{unit}?\b"
    ):
        return _set_bpm(r, m, float(m[1]) - 30.0, float(m[1]))
    for pattern in (
        rf"\b{num}{unit}\b",
        rf"\b(?:bpm|tempo)(?:\s?(?:of|at|is|=|:))?\s?{num}\b",
        rf"(?:\bat\s|@\s?){num}(?![\w:%])",
        rf"(?<![\w#:./-]){num}(?![\w:%/#-])(?!\s?(?:bars?|loops?|samples?|files?|min|sec|bits?|k\b))",
    ):
        for m in r.matches(pattern):
            if pattern[0] != "(" or 50 <= float(m[1]) <= 220:
                return _set_bpm(r, m, float(m[1]), float(m[1]))
    return None


def _set_bpm(r: Reading, m: re.Match[str], low: float, high: float) -> None:
    r.take(m)
    if high < BPM_LIMITS[0] or low > BPM_LIMITS[1]:
        r.ignored.append(f"{m[0].strip()} (tempo must lie in 40 to 240 bpm)")
        return
    low, high = max(low, BPM_LIMITS[0]), min(high, BPM_LIMITS[1])
    r.fields["bpm"] = (low, high)
    said = f"{low:g} bpm" if low == high else f"{low:g} to {high:g} bpm"
    r.understood.append(f"tempo: {said}")


_ACCIDENTAL = r"(\s?(?:#|sharp\b|flat\b)|b(?![a-z]))?"
_MODE = r"(?:major|minor|maj|min)"


def read_key(r: Reading) -> None:
    for m in r.matches(r"\b(?:in\s)?an?\s(minor|major)\s(?:key|mode|mood|feel|scale|tonality)\b"):
        return _set_mode(r, m, m[1])
    named = (
        rf"(?i:\b(?:in|key(?:\sof|\sis|:)?)\s+(?:the\skey\sof\s)?)?"
        rf"(?<![\w#])([A-Ga-g]){_ACCIDENTAL}[\s-]?(?i:({_MODE})\b)"
    )
    for m in r.matches(named, cased=True):
        if m[1] == "a" and m[3].islower() and not re.match(r"(?i)(in|key)\b", m[0]):
            follow = r.low[m.end() :].strip()
            # "a minor tune" is an article; "a minor" alone or before a number is the key.
            if re.match(r"[a-z]", follow):
                continue
        return _set_key(r, m, f"{m[1]}{(m[2] or '').strip()} {m[3].lower()}")
    for m in r.matches(r"(?<![\w#])([A-G](?:#|b)?|[a-g](?:#|b))m(?![\w#])", cased=True):
        return _set_key(r, m, f"{m[1]} minor")
    for m in r.matches(
        rf"(?<![\w#])([A-Ga-g])(?:\s|-)?(#|b|sharp|flat)?[\s-]({'|'.join(MODE_WORDS)})\b",
        cased=True,
    ):
        return _set_key(r, m, f"{m[1]}{m[2] or ''} {MODE_WORDS[m[3].lower()]}")
    for m in r.matches(
        rf"(?i:\b(?:key\sof|key:?|in\sthe\skey\sof)\s)([A-Ga-g]){_ACCIDENTAL}(?![\w#])", cased=True
    ):
        return _set_key(r, m, f"{m[1]}{(m[2] or '').strip()}")
    for m in r.matches(r"(?i:\bin\s)([A-G](?:#|b|\ssharp|\sflat)?)(?![\w#'])", cased=True):
        return _set_key(r, m, m[1].replace(" ", ""))
    for m in r.matches(r"(?:in\s)?\b(minor|major)(?:\s(?:key|mode|scale|tonality))?\b"):
        return _set_mode(r, m, m[1])
    for m in r.matches(rf"\b({'|'.join(MODE_WORDS)})\b"):
        return _set_mode(r, m, MODE_WORDS[m[1]])
    return None


def _set_mode(r: Reading, m: re.Match[str], mode: str) -> None:
    r.take(m)
    r.fields["mode"] = mode
    r.understood.append(f"key: any {mode} key")


def _set_key(r: Reading, m: re.Match[str], text: str) -> None:
    r.take(m)
    text = re.sub(r"\s?sharp", "#", re.sub(r"\s?flat", "b", text))
    minor_wish = re.search(r"\b(minor|dark|sad|trap|drill|phonk|techno)\b", r.low)
    key = Key.parse(text, default_mode="minor" if minor_wish else "major")
    r.fields["key"], r.fields["mode"] = key, key.mode
    r.understood.append(f"key: {key}")


def read_energy(r: Reading) -> None:
    for m in r.matches(r"\benergy(?:\s(?:of|at|level))?:?\s?(\d+(?:\.\d+)?)\s?(?:(%)|/\s?(10+))?"):
        return _set_energy(r, m, float(m[1]), m[2], m[3])
    for m in r.matches(r"(?<![\d.])(\d+(?:\.\d+)?)\s?(?:(%)|/\s?(10+))\s?energy\b"):
        return _set_energy(r, m, float(m[1]), m[2], m[3])
    return None


def _set_energy(r: Reading, m: re.Match[str], number: float, percent: Any, out_of: Any) -> None:
    r.take(m)
    scale = 100.0 if percent else float(out_of) if out_of else 1.0
    if scale == 1.0 and number > 1.0:
        scale = 10.0 if number <= 10.0 else 100.0
    r.fields["energy"] = min(number / scale, 1.0)
    r.understood.append(f"energy: {round(100 * r.fields['energy'])} %")


def read_tempo_words(r: Reading) -> None:
    for m in r.matches(any_of(TEMPO_WORDS)):
        r.take(m)
        word = TEMPO_WORDS[re.sub(r"\s+", " ", m[0])] if m[0] in TEMPO_WORDS else "mid"
        if "bpm" in r.fields:
            continue
        low, high = _range_for(word, r.fields.get("genre"))
        r.fields["bpm"] = (low, high)
        r.understood.append(f"tempo: {word}, {low:g} to {high:g} bpm")


def _range_for(word: str, genre: str | None) -> tuple[float, float]:
    if genre is None:
        return {"very slow": (50.0, 70.0), "slow": (60.0, 88.0), "mid": (90.0, 115.0),
                "fast": (130.0, 170.0), "very fast": (150.0, 190.0)}[word]  # fmt: skip
    low, high = genres.profile(genre).bpm
    span = high - low
    start, end = {"very slow": (-0.3, 0.1), "slow": (-0.1, 0.35), "mid": (0.3, 0.7),
                  "fast": (0.65, 1.1), "very fast": (0.9, 1.35)}[word]  # fmt: skip
    return float(round(low + start * span)), float(round(low + end * span))


def read_length_words(r: Reading) -> None:
    for m in r.matches(r"\b(\d{1,3})[\s-]?bars?\b(?:\slong)?"):
        r.take(m)
        bpm = r.fields.get("bpm")
        if bpm is None:
            genre = r.fields.get("genre")
            bpm = (genres.profile(genre).typical_bpm,) * 2 if genre else (120.0, 120.0)
        if "length_s" not in r.fields:
            return _set_length(r, m, float(m[1]) * 240.0 / ((bpm[0] + bpm[1]) / 2.0))
    for m in r.matches(any_of(LENGTH_WORDS)):
        about = re.match(r"\s(?:intro|outro|verse|hook|bridge|reverb|tail|delay)", r.low[m.end() :])
        if about or "length_s" in r.fields:
            continue
        _set_length(r, m, LENGTH_WORDS[re.sub(r"\s+", " ", m[0])])
    return None
