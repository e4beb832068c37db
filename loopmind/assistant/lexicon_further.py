"""Further phrases with the kind that each is read as: of time, of going, of growing, how much."""

from __future__ import annotations

FURTHER_PHRASES: dict[str, tuple[str, str]] = {}


def _put(kind: str, value: str, *phrases: str) -> None:
    for phrase in phrases:
        FURTHER_PHRASES[phrase] = (kind, value)


_put("swing", "swing", "swing", "swingy", "swung", "swinging", "swings", "swing feel", "swing it",
     "a swing", "swing groove", "shuffle feel", "shuffled feel", "shuffle groove", "a shuffle",
     "shuffle rhythm", "shuffled", "swingier", "more swung")  # fmt: skip
_put("swing", "triplet", "triplet feel", "triplet swing", "triplets", "triplet", "triplet groove")
_put("swing", "straight", "straighten", "straighten out", "straight feel", "straight eighths",
     "unswung", "straighter", "straight rhythm", "no swing at all", "quantized straight",
     "straight groove", "dead straight", "completely straight", "straight time", "straightened",
     "straight again", "straight")  # fmt: skip
_put("filler", "now", "right now", "at the moment", "at this point", "as of now", "for the moment")
_put("energy", "up", "go crazy", "goes crazy", "go nuts", "goes nuts", "go wild", "goes wild",
     "go off", "goes off", "go hard", "goes hard", "go all out", "goes all out", "pop off",
     "pops off", "blow up", "blows up", "erupt", "erupts", "going crazy", "going wild",
     "go mental", "go bananas", "go berserk", "kick off hard", "go ham")  # fmt: skip
_put("filler", "onwards", "onward")
_put("verb", "delete", "away with", "out of here with", "off with", "enough of")
_put("verb", "undo", "the version from before")
_put("part", "ontop", "underneath it", "below it", "on top of this")
_put("quant", "soaked", "swim in", "swims in", "float in", "floats in", "bathe in", "drown in")
_put("swell", "swell", "gradually", "steadily", "progressively", "continuously", "increasingly",
     "bit by bit", "step by step", "little by little", "over time", "crescendo", "decrescendo",
     "more and more", "less and less", "as it goes", "as it goes on")  # fmt: skip
_put("degree", "small", "a tiny little bit", "a tiny bit of", "the tiniest bit",
     "the tiniest bit of", "the slightest bit", "tiny bit", "a slight bit", "a shade", "a sliver",
     "a sliver of", "a whisker", "a trace", "a trace of", "a splash", "a splash of", "a dab of",
     "a lick of", "a sprinkle of", "a sprinkling of", "a suggestion of", "a bit of a", "a spot of",
     "a wee bit of", "a notch or two", "a nudge", "an inch", "a crumb", "a whiff of", "a tinge of",
     "a teeny bit", "a little tiny bit", "just a tad", "just slightly", "only slightly",
     "marginally", "minimally", "faintly", "mildly", "discreetly", "delicately", "modestly",
     "moderately", "tastefully", "barely noticeably", "a hint", "a dash", "a smidge of",
     "a smidgen of", "a tad of", "a little of", "some subtle", "carefully",
     "sparingly")  # fmt: skip
_put("degree", "big", "tons", "heaps", "plenty", "a load", "a load of", "a bunch", "a bunch of",
     "a heap of", "buckets of", "oceans of", "masses of", "miles", "stacks of", "a good deal",
     "a good deal of", "a great deal of", "a fair bit", "a fair bit of", "quite a bit",
     "quite a bit of", "a good bit", "a good bit of", "quite a lot", "quite a lot of",
     "a decent amount", "a decent amount of", "a whole lot of", "a massive amount of",
     "a huge amount of", "an insane amount of", "immensely", "tremendously", "enormously",
     "substantially", "markedly", "vastly", "greatly", "strongly", "intensely", "severely",
     "radically", "aggressively", "quite noticeably", "whole lot", "ton", "a hell of a lot",
     "a shitload", "a shitload of", "majorly", "big style")  # fmt: skip
_put("prep", "than", "compared with", "in comparison with", "in comparison to",
     "by comparison with", "relative to", "in relation to", "versus", "vs", "measured against",
     "set against", "when compared to", "when compared with", "as compared to", "in contrast to",
     "in contrast with", "in proportion to")  # fmt: skip
_put("song", "song", "anywhere")
_put("effect", "reverb", "predelay", "pre-delay", "reverb predelay", "reverb sends", "verb send",
     "room reverb", "plate", "plate reverb", "spring reverb", "hall reverb",
     "ambience reverb")  # fmt: skip
_put("effect", "sidechain", "pumpy", "pumpiness")
_put("tone", "high+", "upper end", "upper frequencies", "treble frequencies", "fizz", "glitter",
     "airiness")  # fmt: skip
_put("tone", "low+", "low frequency content", "low stuff", "foundation", "low rumble")
_put("tone", "mid+", "middles", "mid tones", "midtones", "middle range", "mid frequencies")
_put("tone", "mud+", "mush", "muck", "murk", "woofiness", "low mid", "tubbiness")
_put("tone", "ess+", "esses", "s sounds", "s's", "sss", "sibilants", "sibilance", "ess",
     "ess sounds")  # fmt: skip
_put("tone", "harsh+", "sharpness",
     "shrill highs", "harsh highs", "harsh top end", "t's", "spikiness")  # fmt: skip
_put("tonadj", "mud-", "cardboard", "cardboardy", "bloated", "flabby", "mushy", "congested",
     "blurry", "undefined", "clouded", "swampy", "smeared", "woofy", "mumbly", "a mess",
     "boxed in")  # fmt: skip
_put("tonadj", "ess-", "essy", "hissy", "spitty", "sibilant", "lispy")
_put("tonadj", "harsh-", "spiky", "scratchy", "screechy", "grating", "ear splitting",
     "strident", "glaring", "squeaky", "cutting")  # fmt: skip
_put("tonadj", "nasal-", "nasal", "nasally", "honky", "quacky", "telephone like", "megaphone like")
_put("tonadj", "hollow-", "hollow", "hollowed out", "scooped out")
_put("tonadj", "thin-", "skinny", "flimsy", "puny", "anemic", "anaemic", "papery", "weedy")
_put("tonadj", "dull-", "blanketed", "smothered", "stuffy", "opaque", "muffly")
_put("tonadj", "crisp+", "articulate", "intelligible", "understandable", "distinct",
     "transparent", "well defined")  # fmt: skip
_put("filler", "friend", "drummer friend", "singer friend", "bass player friend", "drummer mate",
     "bassist friend", "vocalist friend", "pianist friend", "guitarist friend")  # fmt: skip
_put("verb", "regenerate", "done over", "be done over", "be done again", "done from scratch",
     "be made anew", "be made again", "made anew")  # fmt: skip
_put("effect", "none", "birds", "birdsong", "bird sounds", "rain sounds", "gunshots", "gunshot",
     "sirens", "siren", "thunder sounds", "ocean waves", "applause", "laughter", "dog barks",
     "barking", "footsteps", "birds singing")  # fmt: skip
_put("level", "up", "strong", "overly present")
_put("level", "up", "forte", "fortissimo")
_put("level", "down", "pianissimo", "mezzo piano")
_put("fat", "up", "balls", "guts")
_put("style", "polished", "luxurious", "corporate", "premium", "upscale", "high budget",
     "big budget", "classy")  # fmt: skip
_put("filler", "remark", "ong", "frfr", "lowkey", "highkey", "deadass", "no cap", "on god",
     "for real", "fr fr", "real talk")  # fmt: skip
