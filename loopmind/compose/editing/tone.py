"""Moving song, sections or a track towards a mood: by tone, by other sounds where that helps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loopmind.compose import explain
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.curves import drawn_in
from loopmind.compose.editing.moods import MORE, Heard, check_moods, compared, measure
from loopmind.compose.editing.sounds import Swap, chosen, exchanged, plays_in
from loopmind.compose.editing.strips import replace_mix, with_band, with_strip
from loopmind.compose.editing.wished import Wish
from loopmind.compose.slots import base_slot, section_of
from loopmind.compose.vocabulary import OPPOSITE_MOOD
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import ShiftMood
from loopmind.music.loop import Crate
from loopmind.music.mix import Compressor, EqBand, Master, Strip
from loopmind.music.song import Section


@dataclass(frozen=True)
class Colour:
    """What a mood does to tone at its fullest: shelves and a peak in dB, drive, send, compression.

    high_hz: where the high shelf begins. dull_hz: what a section's low pass closes to.
    """

    low_db: float = 0.0
    high_db: float = 0.0
    high_hz: float = 4500.0
    peak_hz: float = 0.0
    peak_db: float = 0.0
    drive: float = 0.0
    send_db: float = 0.0
    gain_db: float = 0.0
    dull_hz: float = 0.0
    cut_hz: float = 0.0
    punch: bool = False


COLOURS: dict[str, Colour] = {
    "dark": Colour(low_db=1.5, high_db=-9.0, dull_hz=2200.0),
    "bright": Colour(low_db=-1.0, high_db=7.0, high_hz=5500.0, gain_db=0.5),
    "warm": Colour(low_db=3.0, high_db=-4.0, drive=0.12, dull_hz=5000.0),
    "aggressive": Colour(high_db=2.5, peak_hz=2500.0, peak_db=3.0, drive=0.35, gain_db=1.5),
    "calm": Colour(high_db=-4.0, peak_hz=2500.0, peak_db=-3.0, send_db=3.0, gain_db=-3.0,
                   dull_hz=5000.0),
    "dreamy": Colour(high_db=-2.0, send_db=8.0, gain_db=-1.0, dull_hz=7000.0),
    "happy": Colour(low_db=-1.0, high_db=4.0, high_hz=5500.0, gain_db=0.5),
    "sad": Colour(low_db=1.0, high_db=-5.0, send_db=4.0, gain_db=-1.5, dull_hz=3500.0),
    "lo-fi": Colour(low_db=-1.5, drive=0.25, cut_hz=5500.0, dull_hz=4500.0),
    "punchy": Colour(low_db=2.0, peak_hz=3500.0, peak_db=2.5, send_db=-4.0, gain_db=1.0,
                     punch=True),
    "clean": Colour(peak_hz=300.0, peak_db=-3.0, drive=-0.6, send_db=-3.0),
    "distorted": Colour(peak_hz=1800.0, peak_db=2.0, drive=0.6, gain_db=-1.0),
}  # fmt: skip
# The whole song takes less than a track does to be heard as other.
_MASTER_SHARE = 0.55
_SWAP_FROM = 0.35
_MOST_SWAPS = 3


def shift_mood(edit: ShiftMood, draft: Draft, crate: Crate) -> Draft:
    """Song, sections or a track moved towards moods, by `amount`; locked parts stay."""
    if not edit.moods:
        raise EditError("name a mood to move towards, such as dark, warm or calm")
    check_moods(edit.moods)
    if not 0.0 < edit.amount <= 1.0:
        raise EditError(f"an amount goes from above 0 to 1, not {edit.amount:g}")
    if edit.track:
        asking.track(draft, edit.track)
        asking.refuse_locked_track(draft, edit.track)
    for name in edit.sections:
        asking.section(draft, name)
        asking.refuse_locked_section(draft, name)
    before = draft
    if edit.sections:
        draft, said = _in_sections(edit, draft, crate)
    elif edit.track:
        draft, said = _on_track(edit, draft, crate)
    else:
        draft, said = _whole(edit, draft, crate)
    if draft == before:
        raise EditError(f"this cannot become {_more(edit)} any further; ask for another mood")
    what = edit.track or "the song"
    if edit.sections:
        where = listed(edit.sections)
        what = f"{edit.track} in {where}" if edit.track else where
    named = [edit.track] if edit.track else list(edit.sections) or [what]
    locked = [k.name for k in draft.locks if k.kind != "sound" and not edit.track]
    if locked and not edit.sections:
        said.append(f"{listed(locked)} stayed, as locked")
    return asking.told(
        draft, f"{what} {'are' if asking.many(named) else 'is'} {_more(edit)}: {'; '.join(said)}"
    )


def _more(edit: ShiftMood) -> str:
    return listed([MORE[mood] for mood in edit.moods])


def _on_track(edit: ShiftMood, draft: Draft, crate: Crate) -> tuple[Draft, list[str]]:
    said: list[str] = []
    if edit.amount >= _SWAP_FROM:
        swapped = _swapped(edit, draft, crate, edit.track, draft.song.sections)
        if swapped is not None:
            draft, words = swapped
            said.append(words)
    held = asking.strip(draft, edit.track)
    made, words = toned(held, edit.moods, edit.amount)
    if made != held:
        draft = with_strip(draft, made)
        said.append(words)
    return draft, said


def _whole(edit: ShiftMood, draft: Draft, crate: Crate) -> tuple[Draft, list[str]]:
    """The master's tone, and the sounds that stand most against the mood."""
    said: list[str] = []
    if edit.amount >= _SWAP_FROM:
        most = max(1, round(edit.amount * _MOST_SWAPS))
        for track in _offenders(edit, draft, crate)[:_MOST_SWAPS]:
            free = [s for s in draft.song.sections if not draft.is_locked("section", s.name)]
            swapped = _swapped(edit, draft, crate, track, free)
            if swapped is not None:
                draft, words = swapped
                said.append(words)
                most -= 1
            if not most:
                break
    master, words = _toned_master(draft.mix.master, edit.moods, edit.amount)
    if master != draft.mix.master:
        draft = replace_mix(draft, master=master)
        said.append(words)
    send = sum(COLOURS[m].send_db for m in edit.moods) * edit.amount * 0.5
    if send:
        level = round(min(max(draft.mix.reverb.gain_db + send, -60.0), 12.0), 2)
        if level != draft.mix.reverb.gain_db:
            draft = replace_mix(draft, reverb=replace(draft.mix.reverb, gain_db=level))
            said.append("more room" if send > 0 else "less room")
    brief = draft.song.brief
    against = {OPPOSITE_MOOD.get(mood, "") for mood in edit.moods}
    kept = tuple(m for m in brief.moods if m not in against and m not in edit.moods)
    song = replace(draft.song, brief=replace(brief, moods=(*edit.moods, *kept)))
    return replace(draft, song=song), said or ["sounds that come later will be chosen by it"]


def _in_sections(edit: ShiftMood, draft: Draft, crate: Crate) -> tuple[Draft, list[str]]:
    """Filters, levels and sends drawn in sections, and another sound in them for the farthest."""
    sections = asking.sections(draft, edit.sections)
    song = draft.song
    locked = draft.locked_tracks
    names = [edit.track] if edit.track else [t.id for t in song.tracks if t.id not in locked]
    colours = [COLOURS[mood] for mood in edit.moods]
    gain = sum(c.gain_db for c in colours) * edit.amount
    send = sum(c.send_db for c in colours) * edit.amount
    dull = min((c.dull_hz for c in colours if c.dull_hz), default=0.0)
    close = 20000.0 * (dull / 20000.0) ** edit.amount if dull else 0.0

    def closed(hz: float) -> float:
        return round(min(hz, close), 1)

    def louder(db: float) -> float:
        return round(min(max(db + gain, -60.0), 12.0), 2)

    def wetter(db: float) -> float:
        return round(min(max(db + send, -60.0), 6.0), 2)

    said: list[str] = []
    touched: set[str] = set()
    for section in sections:
        for name in names:
            if not any(c.track == name for c in song.clips) or not plays_in(draft, name, section):
                continue
            strip = asking.strip(draft, name)
            before = song
            role = next(t.role for t in song.tracks if t.id == name)
            if close and role != "bass" and name != "kick":
                song = drawn_in(song, name, "lowpass_hz", section, closed, 20000.0)
            if gain:
                song = drawn_in(song, name, "gain_db", section, louder, 0.0)
            if send and strip.reverb_send_db is not None:
                rest = strip.reverb_send_db
                song = drawn_in(song, name, "reverb_send_db", section, wetter, rest)
            touched |= {name} if song != before else set()
    draft = replace(draft, song=song)
    if touched:
        ordered = [t.id for t in song.tracks if t.id in touched]
        said.append(f"{_drawn_words(close, gain, send)} on {listed(ordered)}")
    if edit.amount >= _SWAP_FROM:
        for track in [edit.track] if edit.track else _offenders(edit, draft, crate, sections):
            swapped = _swapped(edit, draft, crate, track, sections, whole=False)
            if swapped is not None:
                draft, words = swapped
                said.append(words)
                break
    return draft, said


def _drawn_words(close: float, gain: float, send: float) -> str:
    said = []
    if close:
        said.append(f"closed above {close:.0f} Hz")
    if gain:
        said.append(f"{gain:+.1f} dB")
    if send:
        said.append("more room" if send > 0 else "less room")
    return listed(said)


def _offenders(
    edit: ShiftMood, draft: Draft, crate: Crate, sections: tuple[Section, ...] = ()
) -> list[str]:
    """Tracks whose sounds have least of the moods, the worst first; locked ones left out."""
    loops = crate.by_digest()
    found = []
    for choice in draft.palette.choices:
        track = base_slot(choice.slot)
        main = choice.slot == track and section_of(choice.slot) is None
        loop = loops.get(choice.picked.digest)
        there = any(c.track == track for c in draft.song.clips)
        if not main or loop is None or not there or choice.picked.source_bpm is None:
            continue
        if sections and not any(plays_in(draft, track, s) for s in sections):
            continue
        locked = draft.is_locked("track", track) or draft.is_locked("sound", loop.digest)
        if choice.role not in ("fx", "percussion") and not locked:
            heard = Heard.of(loop, choice.picked)
            found.append((sum(measure(heard, mood) for mood in edit.moods), track))
    return [track for _, track in sorted(found)]


def _swapped(
    edit: ShiftMood, draft: Draft, crate: Crate, track: str,
    sections: tuple[Section, ...] | list[Section], *, whole: bool = True,
) -> tuple[Draft, str] | None:  # fmt: skip
    """The track's sound swapped for one with more of the moods; None where there is none."""
    wish = Wish(moods=edit.moods)
    try:
        swap: Swap = chosen(draft, crate, track, sections, wish)
    except EditError:  # no sound will do, so tone alone has to
        return None
    if swap.new.score < 0.75 * swap.old.score:
        return None
    loops = crate.by_digest()
    if swap.old.digest not in loops:
        return None
    words = compared(
        Heard.of(loops[swap.old.digest], swap.old), Heard.of(loops[swap.new.digest], swap.new),
        edit.moods,
    )  # fmt: skip
    name = explain.file_name(loops[swap.new.digest])
    draft = exchanged(draft, crate, track, swap, sections, whole=whole, wish=wish)
    return draft, f"{asking.verb([track], 'plays', 'play')} {name}, which is {words}"


def toned(strip: Strip, moods: tuple[str, ...], amount: float) -> tuple[Strip, str]:
    """A strip with the tone of moods, and what that is in words."""
    eq, drive, send, gain = strip.eq, strip.drive, strip.reverb_send_db, strip.gain_db
    compressor = strip.compressor
    said: list[str] = []
    for mood in moods:
        colour = COLOURS[mood]
        eq, words = _bands(eq, colour, amount)
        said += words
        if colour.drive:
            drive = drive * (1.0 + colour.drive * amount) if colour.drive < 0 else (
                drive + colour.drive * amount
            )  # fmt: skip
            said.append("more saturation" if colour.drive > 0 else "less saturation")
        if colour.send_db and (send is not None or colour.send_db > 4.0):
            send = (send if send is not None else -22.0) + colour.send_db * amount
            said.append("more room" if colour.send_db > 0 else "less room")
        gain += 0.5 * colour.gain_db * amount
        if colour.punch:
            compressor = _punchy(compressor, amount)
            said.append("a compressor that lets attacks through")
    made = replace(
        strip, eq=eq, compressor=compressor, drive=round(min(max(drive, 0.0), 0.95), 3),
        reverb_send_db=None if send is None else round(min(max(send, -60.0), 6.0), 2),
        gain_db=round(min(max(gain, -60.0), 24.0), 2),
    )  # fmt: skip
    return made, listed(list(dict.fromkeys(said)))


def _punchy(held: Compressor | None, amount: float) -> Compressor:
    """Slow to take hold, quick to let go: the attack stands out of what follows."""
    if held is None:
        return Compressor(-20.0, round(2.0 + 2.0 * amount, 2), 0.03, 0.09, round(3.0 * amount, 2))
    ratio = round(min(held.ratio + 1.5 * amount, 8.0), 2)
    return replace(
        held, ratio=ratio, attack_s=round(min(held.attack_s + 0.03 * amount, 0.06), 4),
        release_s=0.09, threshold_db=round(max(held.threshold_db - 3.0 * amount, -60.0), 2),
        makeup_db=round(min(held.makeup_db + 2.0 * amount, 24.0), 2),
    )  # fmt: skip


def _bands(
    eq: tuple[EqBand, ...], colour: Colour, amount: float
) -> tuple[tuple[EqBand, ...], list[str]]:
    """The bands of a colour added to those there are, and words for them."""
    said = []
    for kind, freq, gain in (
        ("lowshelf", 160.0, colour.low_db), ("highshelf", colour.high_hz, colour.high_db),
        ("peak", colour.peak_hz, colour.peak_db),
    ):  # fmt: skip
        if not gain or not freq:
            continue
        held = next((b for b in eq if b.kind == kind and b.freq_hz == freq), None)
        total = round((held.gain_db if held else 0.0) + gain * amount, 2)
        total = min(max(total, -15.0), 12.0)
        eq = with_band(eq, EqBand(kind, freq, total, held.q if held else 0.707))  # type: ignore[arg-type]
        where = {"lowshelf": "below", "highshelf": "above"}.get(kind, "round")
        said.append(f"{gain * amount:+.1f} dB {where} {freq:g} Hz")
    if colour.cut_hz:
        close = round(18000.0 * (colour.cut_hz / 18000.0) ** amount)
        lowest = min((b.freq_hz for b in eq if b.kind == "highcut"), default=20000.0)
        if close < lowest:
            eq = (*(b for b in eq if b.kind != "highcut"), EqBand("highcut", float(close)))
            said.append(f"nothing above {close} Hz")
    return eq, said


def _toned_master(master: Master, moods: tuple[str, ...], amount: float) -> tuple[Master, str]:
    eq, drive = master.eq, master.drive
    said: list[str] = []
    for mood in moods:
        eq, words = _bands(eq, COLOURS[mood], amount * _MASTER_SHARE)
        said += words
        drive += 0.4 * COLOURS[mood].drive * amount
    drive = round(min(max(drive, 0.0), 0.6), 3)
    if drive != master.drive:
        said.append("more saturation" if drive > master.drive else "less saturation")
    words_all = listed(list(dict.fromkeys(said)))
    return replace(master, eq=eq, drive=drive), f"{words_all} on the whole song"
