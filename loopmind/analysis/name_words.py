"""The words by which producers name sounds, and what each one suggests with which weight.

Written for this project out of common usage in sample packs; libraries learn a user's own words
on top of it. Keys are one to three lower-case words as `names.words` splits them.
"""

from __future__ import annotations

_SURE, _LIKELY, _MAYBE = 0.9, 0.7, 0.45

_INSTRUMENT_WORDS: dict[tuple[str, float], str] = {
    ("kick", _SURE): "kick, kicks, kik, kck, bd, bass drum, bassdrum, kick drum, kickdrum, "
    "808 kick, sub kick",
    ("snare", _SURE): "snare, snares, snr, sd, sn, snare drum, rimsnare",
    ("clap", _SURE): "clap, claps, handclap, hand clap, clp, cp, snap, snaps, fingersnap",
    ("hat", _SURE): "hat, hats, hihat, hihats, hi hat, hi hats, hh, ohh, chh, openhat, closedhat, "
    "open hat, closed hat, hhc, hho, hat open, hat closed, hatopen, hatclosed, hatpedal",
    ("cymbal", _SURE): "cymbal, cymbals, cym, crash, ride, splash, china, gong, ride bell",
    ("tom", _SURE): "tom, toms, tomtom, floortom, hitom, midtom, lowtom, lotom, floor tom",
    ("percussion", _SURE): "perc, percs, percussion, conga, congas, bongo, bongos, shaker, "
    "shakers, tamb, tambourine, cowbell, cow bell, rim, rimshot, rim shot, sidestick, "
    "side stick, cross stick, clave, claves, woodblock, wood block, triangle, tabla, djembe, "
    "timbale, timbales, cabasa, guiro, agogo, maraca, maracas, cuica, cajon, darbuka, "
    "castanet, vibraslap, ratchet, surdo, pandeiro, dundun, dunun, kenkeni, sangban, "
    "tambora, guacharaca",
    ("percussion", _MAYBE): "stick, sticks, block, bell tree, jingle, click, anvil, tom roll",
    ("drums", _SURE): "drum loop, drumloop, drum loops, beat loop, breakbeat, drumbeat, drumkit, "
    "full drums, top loop, drum fill, drum break, drumset, trap drums",
    ("drums", _LIKELY): "drums, beat, beats, break, breaks, tops, topper, groove, amen",
    ("drums", _MAYBE): "drum, fill, rhythm, kit, top",
    ("bass", _SURE): "bass, basses, bassline, basslines, bass line, subbass, sub bass, reese, "
    "bass guitar, synth bass, bass synth, acid bass, upright bass, moog bass, 808 bass, "
    "string bass, slap bass, contrabass, double bass",
    ("bass", _LIKELY): "808, sub, subs, acid, low end",
    ("keys", _SURE): "piano, pianos, rhodes, keys, organ, organs, wurli, wurlitzer, epiano, "
    "e piano, electric piano, clavinet, harpsichord, celesta, marimba, vibraphone, vibes, "
    "xylophone, kalimba, glockenspiel, glock, music box, accordion, hammond, mellotron, "
    "melodica, steel drum, steel pan",
    ("keys", _LIKELY): "chord, chords, ep, keyboard, mallet, mallets, bells, clav",
    ("keys", _MAYBE): "bell, stab, stabs, key, progression, prog",
    ("guitar", _SURE): "guitar, guitars, gtr, gtrs, ukulele, banjo, mandolin, lap steel, "
    "acoustic guitar, electric guitar, guitar lead, nylon guitar",
    ("guitar", _LIKELY): "strum, strums, strumming, fingerpicking, sitar, oud, lute, harp",
    ("guitar", _MAYBE): "nylon, riff, acoustic, powerchord, power chord",
    ("pad", _SURE): "pad, pads, synth pad, string pad, choir pad",
    ("pad", _LIKELY): "atmos, atmosphere, atmospheres, drone, drones, soundscape, texture, "
    "textures, ambience, wash, evolving",
    ("pad", _MAYBE): "ambient, swell, ambi, bed",
    ("lead", _SURE): "lead, leads, synth lead, lead synth, topline",
    ("lead", _LIKELY): "arp, arps, arpeggio, pluck, plucks, synth, synths, melody, melodies, "
    "saw, supersaw",
    ("lead", _MAYBE): "mel, ld, hook, sequence, seq, bleep, blip, chiptune, melodic, melodics",
    ("strings", _SURE): "strings, violin, violins, viola, cello, cellos, orchestra, pizzicato, "
    "pizz, string ensemble, fiddle, string section",
    ("strings", _LIKELY): "string, orchestral, orch, ensemble, spiccato, tremolo strings",
    ("brass", _SURE): "brass, trumpet, trumpets, trombone, tuba, horn section, french horn, "
    "flugelhorn, cornet",
    ("brass", _LIKELY): "horn, horns",
    ("woodwind", _SURE): "flute, flutes, clarinet, oboe, bassoon, sax, saxophone, saxes, woodwind, "
    "woodwinds, pan flute, panflute, shakuhachi, piccolo, bagpipe, ocarina, alto sax, tenor sax",
    ("woodwind", _MAYBE): "whistle, recorder, reed, wind",
    ("vocal", _SURE): "vocal, vocals, vox, voc, acapella, acappella, choir, chant, chants, adlib, "
    "adlibs, ad lib, singing, singer, voice, voices, rap, vocal chop, vocal loop",
    ("vocal", _LIKELY): "ooh, aah, oohs, aahs, shout, shouts, speech, spoken, whisper, talking",
    ("vocal", _MAYBE): "chop, chops, verse, phrase, hey, laugh, scream",
    ("fx", _SURE): "fx, sfx, efx, riser, risers, uplifter, downlifter, sweep, sweeps, whoosh, "
    "impact, impacts, foley, siren, laser, zap, explosion, noise sweep, transition, transitions, "
    "soundfx, sound effect, effect, effects, scratch, scratches",
    ("fx", _LIKELY): "noise, glitch, glitches, rise, downer, uplift, reverse, crackle, boom, "
    "vinyl noise, rain, thunder, static, wind chimes, misc fx",
    ("fx", _MAYBE): "hit, hits, misc, field, vinyl, robot, alarm, water, space",
}  # fmt: skip

_TAG_WORDS: dict[tuple[str, float], str] = {
    ("dark", _SURE): "dark, darkness, evil, sinister, horror, scary, ominous, gloomy, shadow",
    ("bright", _SURE): "bright, sparkle, sparkly, shiny, brilliant, shimmer, glassy",
    ("warm", _SURE): "warm, warmth, analog, analogue, velvet, lush, mellow, cozy, cosy",
    ("aggressive", _SURE): "aggressive, angry, rage, heavy, hard, brutal, violent, mean, attack",
    ("calm", _SURE): "calm, chill, chilled, relaxed, relaxing, soft, gentle, peaceful, quiet, "
    "mellow, sleepy, slow, ballad",
    ("dreamy", _SURE): "dreamy, dream, dreams, ethereal, airy, floating, heaven, heavenly, "
    "celestial, hypnotic, ambient",
    ("happy", _SURE): "happy, joy, joyful, fun, funny, sunny, uplifting, cheerful, party",
    ("sad", _SURE): "sad, sadness, melancholy, melancholic, lonely, crying, tears, emotional, "
    "moody, blue, heartbreak",
    ("lo-fi", _SURE): "lofi, lo fi, tape, cassette, vinyl, dusty, dust, crackle, vhs, old school, "
    "vintage, retro, chillhop, boom bap",
    ("punchy", _SURE): "punchy, punch, tight, snappy, knock, knocking, slap, thump",
    ("clean", _SURE): "clean, pure, dry, crisp",
    ("distorted", _SURE): "distorted, distortion, dist, dirty, dirt, overdrive, overdriven, fuzz, "
    "fuzzy, saturated, crunch, crunchy, grit, gritty, crushed, bitcrush, drive",
}  # fmt: skip

_KIND_WORDS: dict[tuple[str, float], str] = {
    ("loop", _SURE): "loop, loops, drumloop, drumloops, loop kit",
    ("loop", _LIKELY): "groove, grooves, breakbeat, bassline, melody, melodies, riff, beat, beats",
    ("oneshot", _SURE): "oneshot, oneshots, one shot, one shots, single hit, single hits",
    ("oneshot", _LIKELY): "shot, shots, stab, hit, hits",
    ("song", _MAYBE): "full mix, fullmix, final mix, master, full song, full track",
}


def _table(source: dict[tuple[str, float], str]) -> dict[str, tuple[tuple[str, float], ...]]:
    table: dict[str, tuple[tuple[str, float], ...]] = {}
    for meaning, words in source.items():
        for word in words.split(","):
            table[word.strip()] = (*table.get(word.strip(), ()), meaning)
    return table


INSTRUMENT_WORDS = _table(_INSTRUMENT_WORDS)
TAG_WORDS = _table(_TAG_WORDS)
KIND_WORDS = _table(_KIND_WORDS)
# Words whose neighbours turn them into something else: genres that carry an instrument's name.
GENRES = ("drum and bass", "drum n bass", "drum bass loop", "bass house", "bass music", "keys of")
# Drum machines and synthesisers by number, which are no tempo.
MACHINE_NUMBERS = frozenset({"101", "106", "202", "303", "404", "505", "606", "626", "707", "727",
                             "808", "909"})  # fmt: skip
LONGEST_WORDS = 3
