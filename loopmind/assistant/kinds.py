"""Kinds of wishes: what edits come to, without the parts they touch ("gain_up", "section_add")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from loopmind.assistant.values import (
    Action,
    Branch,
    Explain,
    Help,
    ListParts,
    Merge,
    Redo,
    Render,
    ShowHistory,
    Switch,
    Undo,
)
from loopmind.music.edit import Edit, edit_to_plain

_PLAIN = {
    "swap_sound": "swap", "regenerate_section": "regenerate", "reseed": "reseed",
    "add_section": "section_add", "remove_section": "section_remove",
    "move_section": "section_move", "duplicate_section": "section_repeat", "add_track": "add_track",
    "split_section": "split", "set_swing": "swing", "set_key": "key", "set_genre": "genre",
    "set_automation": "automation", "set_macro": "macro",
}  # fmt: skip
_ACTIONS: dict[type, str] = {
    Undo: "undo", Redo: "redo", Explain: "explain", ListParts: "list", ShowHistory: "history",
    Render: "render", Branch: "branch", Switch: "branch", Merge: "branch", Help: "help",
}  # fmt: skip
_BY_WAY = {
    "gain_db": ("gain_up", "gain_down"), "drive": ("drive_up", "drive_down"),
    "reverb_send_db": ("reverb_up", "reverb_down"), "target_lufs": ("master_up", "master_down"),
    "decay_s": ("room_longer", "room_shorter"),
}  # fmt: skip
DRY_DB = -36.0
EXACT = frozenset(
    {
        "other",
        "automation",
        "effect_up",
        "effect_down",
        "fill",
        "no_fill",
        "split",
        "swing",
        "unmute",
        "unsolo",
    }
)
"""Kinds whose words are the frames' alone to tell: they are named, or they are not meant."""


def kinds_of_edits(edits: Iterable[Edit]) -> frozenset[str]:
    """The kinds of wishes that edits stand for."""
    return kinds_of_plain(edit_to_plain(edit) for edit in edits)


def kinds_of_actions(actions: Iterable[Action]) -> frozenset[str]:
    return frozenset(_ACTIONS[type(action)] for action in actions)


def kinds_of_plain(edits: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The same of edits as plain data."""
    return frozenset(kind for edit in edits for kind in _kinds(edit))


def _kinds(edit: Mapping[str, Any]) -> set[str]:
    name = edit["edit"]
    if name == "swap_sound":
        return {"swap", *(f"mood_{m}" for m in edit.get("moods") or ())}
    if name in _PLAIN:
        return {_PLAIN[name]}
    match name:
        case "shift_mood":
            return {"mood", *(f"mood_{m}" for m in edit.get("moods") or ())}
        case "resize_section":
            return {"resize"}
        case "set_energy":
            up = edit.get("energy")
            rises = up >= 0.5 if up is not None else (edit.get("by") or 0.0) > 0
            return {"energy_up" if rises else "energy_down"}
        case "set_layers":
            return {f"layer_{n}" for n in ("only", "add", "remove") if edit.get(n)}
        case "remove_track":
            return {"layer_remove" if edit.get("sections") else "remove_track"}
        case "mute_track":
            return {"unmute" if edit.get("muted") is False else "mute"}
        case "solo_tracks":
            return {"solo" if edit.get("tracks") else "unsolo"}
        case "transpose":
            return {"transpose_up" if (edit.get("semitones") or 0) > 0 else "transpose_down"}
        case "set_tempo":
            if edit.get("bpm") is not None:
                return {"tempo_set"}
            return {"tempo_up" if (edit.get("by") or 1.0) > 1.0 else "tempo_down"}
        case "change_strip" | "change_master" | "change_reverb":
            return {_strip(edit)}
        case "change_eq":
            return {_band(edit.get("band") or {})}
        case "set_compressor":
            return {"uncompress" if edit.get("compressor", 1) is None else "compress"}
        case "set_sidechain":
            return {"unsidechain" if edit.get("sidechain", 1) is None else "sidechain"}
        case "set_mix_style":
            return {f"style_{edit.get('style')}"}
        case "set_fade":
            return _fades(edit)
        case "set_effect":
            amount, by = edit.get("amount"), edit.get("by") or 0.0
            return {"effect_down" if amount == 0.0 or by < 0 else "effect_up"}
        case "set_fill":
            return {"no_fill" if edit.get("kind") == "none" else "fill"}
        case "set_lock":
            return {"unlock" if edit.get("locked") is False else "lock"}
    return {"other"}


def _strip(edit: Mapping[str, Any]) -> str:
    parameter, value, by = edit["parameter"], edit.get("value"), edit.get("by") or 0.0
    if parameter == "pan":
        side = value if value is not None else by
        return "pan_center" if side == 0 else "pan_right" if side > 0 else "pan_left"
    if parameter == "width":
        return "wide_down" if (value is not None and value < 1.0) or by < 0 else "wide_up"
    if parameter == "ceiling_dbtp":
        return "ceiling"
    if edit["edit"] == "change_reverb" and parameter == "gain_db":
        down = (value is not None and value <= DRY_DB) or by < 0
        return "reverb_down" if down else "reverb_up"
    if parameter == "reverb_send_db" and value is not None:
        return "reverb_down" if value <= DRY_DB else "reverb_up"
    if value is not None and parameter in ("gain_db", "target_lufs"):
        return "gain_set" if parameter == "gain_db" else "master_set"
    if value is not None and parameter == "decay_s":
        return "room_longer"
    return _BY_WAY[parameter][by < 0] if parameter in _BY_WAY else "other"


def _band(band: Mapping[str, Any]) -> str:
    kind, freq = band.get("kind"), band.get("freq_hz") or 0.0
    gain = band.get("gain_db") or 0.0
    if kind in ("lowcut", "highcut"):
        return str(kind)
    if kind == "lowshelf" or (freq < 200.0 and kind == "peak"):
        return "eq_low_up" if gain > 0 else "eq_low_down"
    if freq < 1000.0 and gain < 0:
        return "eq_mud_down"
    if kind == "highshelf" and gain < 0:
        return "eq_high_down"
    return "eq_high_up" if gain > 0 else "eq_harsh_down"


def _fades(edit: Mapping[str, Any]) -> set[str]:
    found = set()
    for name, kind in (("in_beats", "fade_in"), ("out_beats", "fade_out")):
        if edit.get(name) is not None:
            found.add(kind if edit[name] else "no_fade")
    return found
