"""Edits and actions in plain words, one line each, for the patch that a person reviews."""

from __future__ import annotations

from loopmind.assistant import values
from loopmind.music import edit as e
from loopmind.music.edit import Edit, edit_name, edit_to_plain


def tell(edit: Edit) -> str:
    """What an edit does, in a few words.

    >>> tell(e.ChangeStrip("bass", "gain_db", None, 2.0))
    'bass 2 dB louder'
    """
    match edit:
        case e.SwapSound():
            return f"another sound for {edit.track}{_how(edit)}{_where(edit.sections)}"
        case e.RegenerateSection():
            what = f"{_list(edit.tracks)} in {edit.section}" if edit.tracks else edit.section
            return f"{what} arranged anew"
        case e.AddSection():
            length = f" of {edit.bars} bars" if edit.bars else ""
            place = f"after {edit.after}" if edit.after else "at the start"
            return f"a new {edit.kind}{length} {place}"
        case e.RemoveSection():
            return f"{edit.section} taken out"
        case e.MoveSection():
            place = f"after {edit.after}" if edit.after else "to the start"
            return f"{edit.section} moved {place}"
        case e.ResizeSection():
            return f"{edit.section} {edit.bars} bar{'s' * (edit.bars != 1)} long"
        case e.DuplicateSection():
            place = f" after {edit.after}" if edit.after else ""
            return f"{edit.section} repeated{place}"
        case e.SplitSection():
            bars = f"after {edit.bars} bar{'s' * (edit.bars != 1)}"
            return f"{edit.section} split {bars if edit.bars else 'in the middle'}"
        case e.SetFill():
            return _fill(edit)
        case e.SetEnergy():
            if edit.energy is not None:
                return f"energy {round(100 * edit.energy)} %{_where(edit.sections, 'of')}"
            way = "more" if edit.by > 0 else "less"
            return f"{way} energy{_where(edit.sections) or ' in the whole song'}"
        case e.SetLayers():
            return f"{edit.section}: {_layers(edit)}"
        case e.AddTrack():
            return f"a further {edit.instrument or edit.role}{_how(edit)}{_where(edit.sections)}"
        case e.RemoveTrack():
            return f"{edit.track} taken out{_where(edit.sections, 'of')}"
        case e.MuteTrack():
            return f"{edit.track} {'muted' if edit.muted else 'sounds again'}"
        case e.SoloTracks():
            return (
                f"only {_list(edit.tracks)} to be heard"
                if edit.tracks
                else "everything sounds again"
            )
        case e.SetLock():
            return f"{edit.name} {'locked' if edit.locked else 'unlocked'}"
        case e.SetMacro():
            return _macro(edit)
        case e.Reseed():
            return "the whole song arranged anew"
        case _:
            return _tell_sound(edit)


def _tell_sound(edit: Edit) -> str:
    match edit:
        case e.Transpose():
            way = "up" if edit.semitones > 0 else "down"
            count = abs(edit.semitones)
            return f"{edit.track or 'everything'} {way} {count} semitone{'s' * (count != 1)}"
        case e.SetSwing():
            if edit.swing is not None:
                return "straight eighths" if edit.swing == 0.5 else f"swing at {edit.swing:.0%}"
            return "more swing" if edit.by > 0 else "less swing"
        case e.SetTempo():
            what = f"{_list(edit.sections)} " if edit.sections else ""
            if edit.bpm is not None:
                return f"{what}{'at ' if what else ''}{edit.bpm:g} bpm"
            way = "faster" if edit.by > 1 else "slower"
            return f"{what}{abs(round(100 * (edit.by - 1), 1)):g} % {way}"
        case e.SetKey():
            return f"into {edit.key}"
        case e.SetGenre():
            return f"turned into {edit.genre}"
        case e.ShiftMood():
            what = edit.track or ("the song" if not edit.sections else _list(edit.sections))
            place = _where(edit.sections) if edit.track else ""
            return f"{what} more {_list(edit.moods)}{place}"
        case e.ChangeStrip():
            return f"{edit.track} {_strip(edit)}{_where(edit.sections)}"
        case e.ChangeEq():
            band = edit.band
            if band.kind in ("lowcut", "highcut"):
                side = "below" if band.kind == "lowcut" else "above"
                return f"{_of(edit.track)} cut {side} {band.freq_hz:g} Hz"
            way = "raised" if band.gain_db > 0 else "lowered"
            return f"{_of(edit.track)} {way} by {abs(band.gain_db):g} dB round {band.freq_hz:g} Hz"
        case e.SetCompressor():
            return f"{_of(edit.track)} {'compressed' if edit.compressor else 'without compressor'}"
        case e.SetSidechain():
            chain = edit.sidechain
            return (
                f"{edit.track} ducked by {chain.source}"
                if chain
                else f"{edit.track} no longer ducked"
            )
        case e.SetEffect():
            return _effect(edit)
        case e.ChangeMaster():
            return _master(edit)
        case e.ChangeReverb():
            return _reverb(edit)
        case e.SetMixStyle():
            return f"mixed in style {edit.style}"
        case e.SetFade():
            return _fade(edit)
        case e.PutClip():
            return f"a clip of {edit.clip.track} at beat {edit.clip.start_beat:g}"
        case e.RemoveClip():
            return f"clip {edit.clip_id} taken away"
        case e.SetAutomation():
            drawn = edit.automation
            return f"{drawn.track} {drawn.parameter} drawn over time"
        case _:
            named = {k: v for k, v in edit_to_plain(edit).items() if k != "edit"}
            return f"{edit_name(edit).replace('_', ' ')} {named}"


def _strip(edit: e.ChangeStrip) -> str:
    value, by = edit.value, edit.by
    match edit.parameter:
        case "gain_db":
            if value is not None:
                return f"at {value:g} dB"
            return f"{abs(by):g} dB {'louder' if by > 0 else 'quieter'}"
        case "reverb_send_db":
            if value is not None:
                return "without reverb" if value <= -40 else f"reverb send at {value:g} dB"
            return f"{'more' if by > 0 else 'less'} reverb ({by:+g} dB)"
        case "pan":
            place = value if value is not None else by
            if place == 0:
                return "in the middle"
            return f"{abs(round(100 * place))} % {'right' if place > 0 else 'left'}"
        case "width":
            if value is not None:
                return "in mono" if value == 0 else f"width {value:g}"
            return "wider" if by > 0 else "narrower"
        case _:
            return (
                "more saturated" if (value if value is not None else by) > 0 else "less saturated"
            )


def _effect(edit: e.SetEffect) -> str:
    name = "bit crusher" if edit.effect == "crusher" else edit.effect
    if edit.amount == 0.0:
        return f"{edit.track} without {name}{_where(edit.sections)}"
    if edit.amount is not None:
        how = f"{name} at {round(100 * edit.amount)} %"
    elif edit.by:
        how = f"{'more' if edit.by > 0 else 'less'} {name}"
    else:
        how = name
    every = f" every {edit.beats:g} beat{'s' * (edit.beats != 1)}" if edit.beats else ""
    return f"{edit.track} with {how}{every}{_where(edit.sections)}"


def _macro(edit: e.SetMacro) -> str:
    if edit.by:
        return f"macro {edit.name} {'up' if edit.by > 0 else 'down'} by {abs(edit.by):g}"
    value = edit.value
    if isinstance(value, bool):
        return f"macro {edit.name} {'on' if value else 'off'}"
    if isinstance(value, (int, float)):
        return f"macro {edit.name} to {value:g}"
    shown = ", ".join(value) if isinstance(value, tuple) else value
    return f"macro {edit.name} to {shown or 'nothing'}"


def _fill(edit: e.SetFill) -> str:
    place = f"at the end of {_list(edit.sections)}" if edit.sections else "everywhere"
    if edit.kind == "none":
        return f"no fill {place}"
    name = {"roll": "drum roll", "stutter": "stutter of the drums", "break": "break of the drums"}
    length = f" of {edit.beats:g} beat{'s' * (edit.beats != 1)}" if edit.beats else ""
    return f"a {name.get(edit.kind, 'drum fill')}{length} {place}"


def _master(edit: e.ChangeMaster) -> str:
    if edit.parameter == "target_lufs":
        if edit.value is not None:
            return f"the song at {edit.value:g} LUFS"
        return f"the song {abs(edit.by):g} dB {'louder' if edit.by > 0 else 'quieter'}"
    if edit.parameter == "ceiling_dbtp":
        return f"true-peak ceiling at {edit.value if edit.value is not None else edit.by:g} dBTP"
    return "more saturation on the master" if edit.by > 0 else "less saturation on the master"


def _of(track: str) -> str:
    return "the song" if track == "master" else track


# What a parameter of the reverb is set to, and what more and less of it is.
_REVERB = {
    "decay_s": ("reverb that rings for {:g} s", "reverb longer", "reverb shorter"),
    "predelay_s": ("reverb {:g} s after the sound", "reverb later", "reverb sooner"),
    "damping": ("reverb damped by {:.0%}", "reverb darker", "reverb brighter"),
    "low_cut_hz": ("reverb without what is below {:g} Hz", "reverb thinner", "reverb fuller"),
    "gain_db": ("reverb at {:g} dB", "more reverb", "less reverb"),
}


def _reverb(edit: e.ChangeReverb) -> str:
    value, more, less = _REVERB[edit.parameter]
    if edit.value is not None:
        return value.format(edit.value)
    return more if edit.by > 0 else less


def _fade(edit: e.SetFade) -> str:
    what = (
        " ".join(
            w
            for w in (
                edit.track,
                f"in {edit.section}" if edit.track and edit.section else edit.section,
            )
            if w
        )
        or "the song"
    )
    said = [
        f"fades {way} over {beats:g} beats" if beats else f"no fade {way}"
        for way, beats in (("in", edit.in_beats), ("out", edit.out_beats))
        if beats is not None
    ]
    return f"{what}: {', '.join(said)}"


def _how(edit: e.SwapSound | e.AddTrack) -> str:
    said = []
    if isinstance(edit, e.SwapSound):
        if edit.runner_up:
            said.append(f"runner-up {edit.runner_up}")
        if edit.instrument:
            said.append(edit.instrument)
    if edit.digest:
        said.append("the one named")
    if edit.moods:
        said.append(f"{_list(edit.moods)}")
    if edit.folder:
        said.append(f"from '{edit.folder}'")
    return f" ({', '.join(said)})" if said else ""


def _layers(edit: e.SetLayers) -> str:
    said = [f"only {_list(edit.only)}"] if edit.only else []
    said += [f"with {_list(edit.add)}"] if edit.add else []
    said += [f"without {_list(edit.remove)}"] if edit.remove else []
    return ", ".join(said)


def _where(sections: tuple[str, ...], word: str = "in") -> str:
    return f" {word} {_list(sections)}" if sections else ""


def _list(names: tuple[str, ...]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def tell_action(action: values.Action) -> str:
    """What an action does, in a few words."""
    match action:
        case values.Undo():
            return "undo" if action.count == 1 else f"undo {action.count} changes"
        case values.Redo():
            return "redo" if action.count == 1 else f"redo {action.count} changes"
        case values.Explain():
            return f"explain {action.track or action.section or action.about}"
        case values.ListParts():
            return f"list the {action.what}" + (f" {_list(action.names)}" if action.names else "")
        case values.Branch():
            return f"go on in a new branch {action.name!r}"
        case values.Switch():
            return f"go to branch {action.name!r}"
        case values.Merge():
            return f"take {action.section or 'everything'} over from branch {action.branch!r}"
        case values.Render():
            return "render the song"
        case values.ShowHistory():
            return "show the history"
        case _:
            return "help"
