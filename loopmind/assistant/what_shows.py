"""Which edits can stand for which words: by kind of word, by verb, and by unit."""

from __future__ import annotations

from loopmind.music import edit as e
from loopmind.music.edit import Edit
from loopmind.music.mix import EFFECT_KINDS

_ASPECT: dict[type, str] = {
    e.SwapSound: "swap", e.RegenerateSection: "anew", e.Reseed: "anew", e.AddSection: "addsec",
    e.RemoveSection: "delsec", e.MoveSection: "movesec", e.ResizeSection: "resize",
    e.DuplicateSection: "dupsec", e.SetEnergy: "energy", e.SetLayers: "layers",
    e.AddTrack: "addtrack", e.RemoveTrack: "deltrack", e.MuteTrack: "mute", e.SoloTracks: "solo",
    e.Transpose: "pitch", e.SetTempo: "tempo", e.SetKey: "key", e.SetSwing: "swing",
    e.SetGenre: "genre",
    e.ShiftMood: "mood", e.ChangeEq: "eq", e.SetCompressor: "comp", e.SetSidechain: "duck",
    e.ChangeReverb: "reverb", e.SetMixStyle: "style", e.SetAutomation: "auto", e.SetFade: "fade",
    e.SetLock: "lock", e.SetEffect: "insert", e.SetFill: "fill", e.SplitSection: "split",
}  # fmt: skip
_PARAMETER = {"gain_db": "gain", "pan": "pan", "width": "width", "drive": "drive",
              "reverb_send_db": "reverb", "target_lufs": "loud",
              "ceiling_dbtp": "ceiling"}  # fmt: skip


def aspects(edit: Edit) -> set[str]:
    """What an edit changes, in short names."""
    if isinstance(edit, (e.ChangeStrip, e.ChangeMaster)):
        return {_PARAMETER[edit.parameter]}
    if isinstance(edit, e.SetAutomation):
        return {"auto", _PARAMETER.get(edit.automation.parameter, "eq")}
    return {_ASPECT.get(type(edit), "other")}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# kind, or kind and value -> aspects that show it
KINDS_SHOWN: dict[str, frozenset[str]] = {
    "swell": _set("auto"),
    "swing": _set("swing"),
    "level": _set("gain loud reverb eq auto insert"),
    "size": _set("resize reverb fade addsec swap addtrack"),
    "energy": _set("energy addsec mood reverb gain loud drive anew swap auto"),
    "tempo": _set("tempo fade auto"),
    "width": _set("width"),
    "dist": _set("reverb gain"),
    "tone": _set("eq drive reverb"),
    "tonadj": _set("eq mood swap"),
    "fat": _set("drive mood swap eq"),
    "mood": _set("mood swap addtrack genre style addsec anew eq"),
    "moodnoun": _set("mood swap addtrack energy gain"),
    "height": _set("gain pitch tempo reverb loud energy eq resize insert"),
    "timefeel": _set("tempo"),
    "style": _set("style mood swap addtrack drive"),
    "side": _set("pan split addsec movesec"),
    "genre": _set("genre swap addtrack mood"),
    "effect reverb": _set("reverb"),
    "effect compression": _set("comp"),
    "effect sidechain": _set("duck"),
    "effect volume": _set("gain loud reverb eq comp auto"),
    "effect none": frozenset(),
    **{f"effect {kind}": _set("insert") for kind in EFFECT_KINDS},
    "notelen": _set("insert"),
    "fill": _set("fill"),
    "nopart": frozenset(),
    "key": _set("key"),
    "mode": _set("key"),
    "interval": _set("pitch key"),
    "ratio": _set("duck comp pan resize tempo dupsec gain reverb loud split"),
    "asis": _set("lock"),
    "only": _set("solo layers lock deltrack mute"),
    "noun tempo": _set("tempo"),
    "noun key": _set("key pitch"),
    "noun pitch": _set("pitch key"),
    "noun genre": _set("genre style swap"),
    "noun length": _set("resize reverb"),
    "noun fade": _set("fade"),
    "noun fadein": _set("fade"),
    "noun fadeout": _set("fade"),
    "noun hardstop": _set("fade"),
    "runner": _set("swap"),
    "other best": _set("swap"),
    "other other": _set(
        "fill swap anew addtrack addsec dupsec genre key tempo style mood energy pan"
    ),
    "whole": _set(
        "swing genre mood tempo style key loud anew energy fade layers resize solo pitch"
    ),
}

# What a verb does -> aspects that show it; verbs that are not here fit anything.
ACTS_SHOWN: dict[str, frozenset[str]] = {
    "swap": _set("insert fill swap mood genre key tempo resize anew movesec lock style pitch pan"),
    "add": _set("swing "
                "addtrack addsec layers reverb eq comp duck drive mood energy resize gain fade "
                "swap dupsec auto style width solo mute loud insert fill"),
    "remove": _set("swing "
                   "deltrack layers delsec reverb comp duck eq resize fade mute drive style gain "
                   "loud energy solo tempo pitch lock insert fill split"),
    "mute": _set("mute layers gain fade reverb comp duck insert"),
    "unmute": _set("mute layers solo anew"),
    "solo": _set("solo layers"),
    "unsolo": _set("solo"),
    "regenerate": _set("anew swap"),
    "reseed": _set("anew swap"),
    "raise": _set("swing ceiling gain loud energy reverb eq drive tempo pitch width mood comp duck "
                  "resize auto insert"),
    "lower": _set("swing gain loud energy reverb eq drive tempo pitch width mood comp duck resize "
                  "layers auto insert fill"),
    "split": _set("split"),
    "shorten": _set("resize reverb fade"),
    "lengthen": _set("resize reverb fade"),
    "move": _set("movesec pan gain reverb key tempo"),
    "repeat": _set("dupsec resize tempo"),
    "unlock": _set("lock"),
    "fade": _set("fade auto"),
    "fade_in": _set("fade auto"),
    "fade_out": _set("fade auto"),
    "pitch": _set("pitch key"),
    "pan": _set("pan"),
    "compress": _set("comp addsec"),
    "duck": _set("duck"),
    "lowcut": _set("eq auto"),
    "highcut": _set("eq auto"),
    "eq": _set("eq"),
    "filter": _set("eq auto"),
    "rolloff": _set("eq"),
    "saturate": _set("drive mood"),
    "widen": _set("width"),
    "narrow": _set("width"),
    "brighten": _set("mood eq swap"),
    "darken": _set("mood eq swap"),
    "build": _set("energy mood auto gain fade"),
    "hit": _set("energy mood gain duck"),
    "speed": _set("tempo"),
    "slow": _set("tempo fade"),
    "convert": _set("genre swap mood style anew"),
    "calm": _set("mood energy layers"),
    "dry": _set("reverb"),
    "clean": _set("mood eq style"),
    "beef": _set("drive gain mood"),
}  # fmt: skip

# Unit -> aspects whose figures can be in it.
UNITS_SHOWN: dict[str, frozenset[str]] = {
    "bars": _set("resize fade addsec auto fill split"),
    "beats": _set("fade auto fill insert"),
    "db": _set("gain reverb loud eq ceiling duck comp"),
    "dbtp": _set("ceiling"),
    "bpm": _set("tempo"),
    "percent": _set("insert swing tempo pan energy gain reverb resize width drive loud"),
    "semitones": _set("pitch"),
    "seconds": _set("fade reverb auto comp"),
    "ms": _set("comp reverb"),
    "hz": _set("eq auto"),
    "lufs": _set("loud"),
    "times": _set("resize tempo dupsec gain"),
    "steps": _set("pitch"),
}


def _words(table: dict[str, str]) -> dict[str, frozenset[str]]:
    return {word: _set(shown) for words, shown in table.items() for word in words.split()}


# Words that frames look for by themselves -> aspects that show them.
WORDS_SHOWN: dict[str, frozenset[str]] = _words({
    "folder pack kit library collection crate bank": "swap addtrack",
    "order places positions spots": "movesec",
    "row twice": "dupsec resize",
    "ceiling peak true limit limiter": "ceiling",
    "target loudness": "loud ceiling",
    "ring rings ringing breathe": "reverb resize",
    "dip notch scoop carve nudge": "gain eq pan",
    "flat dead lifeless underwhelming empty weak dull thin":
        "energy gain eq drive mood layers addtrack",
    "harder hard heavier softer": "energy mood gain comp duck",
    "old older dads vintage recorded deck machine player record records": "style mood",
    "joint banger version flip remix edit": "genre",
    "side": "pan",
    "max maximum maxed": "energy gain loud",
    "drags drag dragging": "resize tempo",
    "warm warmer warmth": "drive eq",
    "ratio threshold release attack makeup knee slow fast long quick": "comp",
    "predelay": "reverb",
    "q shelf bell band filter": "eq auto",
    "automate automation automated opening opens open closing closes close": "auto",
    "clash clashing fight fighting compete competing room": "duck",
    "hits plays": "duck",
    "double doubled": "resize tempo dupsec",
    "transition sweep sweeps": "auto",
    "slowly": "auto",
    "subtle light gentle faint heavy strong big huge massive dotted every": "insert",
    "drum drums snare tom toms big short little right just": "fill",
    "2 two half halves parts pieces sections": "split",
    "vinyl crackle noise effect effects": "deltrack mute layers gain swap style",
})  # fmt: skip
