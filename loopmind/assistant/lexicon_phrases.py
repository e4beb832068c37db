"""Qualities, amounts and the glue between: words and phrases with the kind that each is read as."""

from __future__ import annotations

from loopmind.assistant.lexicon_effects import ABSENT_EFFECTS, EFFECT_PHRASES
from loopmind.assistant.lexicon_further import FURTHER_PHRASES

# Words and phrases -> (kind, value). Kinds are explained where they are used (clauses.py).
PHRASES: dict[str, tuple[str, str]] = {}


def _put(kind: str, value: str, *phrases: str) -> None:
    for phrase in phrases:
        PHRASES[phrase] = (kind, value)


# how a person feels about it, which is no mood of the song
_put("filler", "remark", "happy with", "unhappy with", "happy about", "sad about", "mad at",
     "excited about", "excited by", "bored with", "bored of", "tired of", "sick of", "in love with",
     "crazy about", "mad about")  # fmt: skip
# how much of something
_put("quant", "more", "more", "extra", "some more", "added", "additional", "bit more",
     "a lot more", "not enough", "isn't enough", "aren't enough", "could use more",
     "plenty of")  # fmt: skip
_put("quant", "less", "less", "fewer", "too much", "too many", "way too much", "not so much",
     "not as much", "so much", "not that much",
     "not quite so much", "less of", "overpowering", "overwhelming", "easy on",
     "easier on", "over the top")  # fmt: skip
_put("quant", "no", "no", "without", "zero", "no more", "without any", "minus", "not any",
     "completely without", "any")  # fmt: skip
_put("quant", "soaked", "swimming in", "drowning in", "soaked in", "drenched in", "bathed in",
     "covered in", "awash in", "bathing in", "washed in", "dripping in",
     "dripping with", "buried in")  # fmt: skip
_put("too", "too", "too", "way too", "a bit too", "a little too", "far too", "much too",
     "kinda too", "overly", "so", "bit too", "little too", "super")  # fmt: skip
_put("enough", "enough", "enough")
_put("degree", "small", "a bit", "a little", "a little bit", "slightly", "a touch", "a tad",
     "a hair", "a notch", "a smidge", "somewhat", "a bit of", "a little bit of", "a touch of",
     "a tiny bit", "just a bit", "just a touch", "just a little", "subtly", "gently", "a pinch",
     "a hint of", "kinda", "lightly", "ever so slightly", "subtle", "a dash of", "bit", "tad",
     "little", "a wee bit", "a fraction", "a smidgen", "a taste of", "a pinch of", "small",
     "slight", "a little more", "a bit more")  # fmt: skip
_put("degree", "big", "much", "a lot", "lots", "way", "far", "a ton", "a lot of", "lots of",
     "tons of", "a ton of", "really", "very", "heaps of", "significantly", "drastically",
     "massively", "considerably", "hella", "a whole lot", "loads of", "loads", "seriously",
     "extremely", "dramatically", "totally", "a great deal", "heavily", "super much", "hugely",
     "by a lot", "big time", "noticeably", "properly", "all the way", "as hell")  # fmt: skip
for _p, _q in (("a lot more", "more"), ("a bit more", "more"), ("a little more", "more"),
               ("way more", "more"), ("much more", "more"), ("slightly more", "more"),
               ("a bit less", "less"), ("a little less", "less"), ("a lot less", "less"),
               ("way less", "less"), ("much less", "less"), ("slightly less", "less"),
               ("a touch more", "more"), ("a touch less", "less"), ("a tad more", "more"),
               ("a tad less", "less"), ("far more", "more"), ("far less", "less")):  # fmt: skip
    PHRASES.pop(_p, None)  # read as degree and quantity, word by word
# qualities
_put("level", "up", "louder", "loud", "audible", "upfront", "up front", "in your face",
     "present", "prominent", "hotter", "stronger", "in front", "dominant",
     "in the front", "on top of the mix", "on top of everything", "in front of the mix",
     "through the mix")  # fmt: skip
_put("level", "down", "quieter", "quiet", "softer", "lower in the mix", "in the background",
     "further back", "back in the mix", "less loud", "subdued", "faint", "background",
     "lower in volume", "weak", "buried", "drowned out", "gets lost", "get lost",
     "getting lost", "is lost", "hard to hear", "drowned", "hidden", "inaudible",
     "lost in the mix", "can't hear", "can barely hear", "can hardly hear", "cannot hear",
     "hardly hear", "barely hear", "drowning", "hardly audible", "barely audible")  # fmt: skip
_put("size", "short", "short", "shorter", "briefer", "tighter", "brief")
_put("level", "over", "killing my ears", "hurting my ears", "hurts my ears", "hurt my ears",
     "drowning everything out", "drowns everything out", "drowning everything", "taking over",
     "takes over", "dominating", "dominates", "overpowers", "overpowering everything",
     "blasting", "eats everything", "covers everything", "masks everything", "too hot",
     "drowning out", "drowns out", "in the way", "burying", "buries", "covering up",
     "sticks out", "sticking out", "steals the show", "jumps out", "stands out too much",
     "eating up the mix", "blows out", "blowing out", "deafening", "masking", "masks",
     "overshadowing", "overshadows", "swallows",
     "swallowing", "covering", "clouding")  # fmt: skip
_put("size", "long", "long", "longer", "lengthier")
_put(
    "size",
    "over",
    "goes on forever",
    "goes on too long",
    "takes forever",
    "overstays",
    "never ends",
    "goes on and on",
)
_put("energy", "up", "energy", "energetic", "intense", "intensity", "hype", "hyped", "bigger",
     "big", "huge", "massive", "fuller", "busier", "busy", "epic", "exciting", "impact",
     "impactful", "powerful", "power", "tension", "drive", "momentum", "hard-hitting",
     "hard hitting", "anthemic", "climactic", "excitement", "oomph", "denser", "dense",
     "explosive", "full", "lively", "buildup", "build-up", "build up", "hypeness", "crowded",
     "cluttered", "crammed", "overloaded", "going on", "messy", "chaotic", "larger", "life",
     "climax", "liveliness", "movement",
     "pumped", "high energy", "dramatic", "driving", "hectic", "frantic", "manic", "frenetic",
     "overstuffed", "overcrowded", "stuffed", "overwhelming amount", "wild energy", "aliveness",
     "liveliest", "vitality", "adrenaline", "fire in it", "electrifying", "hypeness")  # fmt: skip
_put("energy", "down", "emptier", "empty", "sparser", "sparse", "thinned out", "smaller",
     "stripped back", "stripped down", "stripped-back", "low energy", "minimal",
     "simpler", "boring down", "understated", "restrained", "bare", "barer",
     "minimalist")  # fmt: skip
_put("tempo", "fast", "faster", "fast", "quick", "quicker", "speedier", "uptempo", "up-tempo",
     "rushed", "upbeat tempo")  # fmt: skip
_put("tempo", "slow", "slower", "slow", "slowed", "draggy", "dragging", "sluggish", "downtempo")
_put("width", "wide", "wider", "wide", "stereo", "broader", "width", "stereo width", "spacious",
     "stereo image", "stereo spread")  # fmt: skip
_put("width", "narrow", "narrower", "narrow", "tighter in stereo")
_put("width", "mono", "mono", "in mono")
_put("dist", "far", "farther", "further away", "distant", "wetter", "wet", "roomier", "roomy",
     "more distant", "washed out", "washy", "washier", "reverby", "reverberant", "echoey",
     "far away", "cathedral", "a cathedral", "church", "a church", "stadium", "a stadium",
     "arena", "cave", "a cave", "canyon", "big hall", "concert hall", "cavernous",
     "deeper in the room", "reverb-y", "reverbier", "drenched")  # fmt: skip
_put("dist", "near", "closer", "drier", "dryer", "dry", "bone dry", "nearer")
_put("tone", "low+", "low end", "lows", "low frequencies", "bottom end", "bottom",
     "sub bass end", "low-end", "weight", "body", "lowend", "subs", "bass frequencies",
     "rumble", "sub frequencies", "boom", "heft", "girth")  # fmt: skip
_put("tone", "high+", "highs", "treble", "top end", "high end", "air", "sparkle", "sheen",
     "high frequencies", "top-end", "brilliance", "shimmer", "sizzle", "high-end", "hiss",
     "crispness", "brightness")  # fmt: skip
_put("tone", "mid+", "mids", "midrange", "mid range", "middle frequencies", "mid-range", "mid")
_put("tone", "pres+", "presence", "bite", "clarity", "definition", "attack", "edge", "snap")
_put("tone", "mud+", "mud", "boxiness", "low mids", "low-mids", "muddiness", "boominess")
_put("tone", "harsh+", "harshness", "sibilance", "shrillness", "ess", "harsh frequencies")
_put("tonadj", "mud-", "muddy", "boomy", "boxy", "muddier", "woofy", "cloudy", "boomier",
     "murky", "tubby")  # fmt: skip
_put("tonadj", "harsh-", "harsh", "sharp", "piercing", "shrill", "harsher", "sibilant",
     "brittle", "ear-piercing", "painful", "shriller", "abrasive")  # fmt: skip
_put("tonadj", "thin-", "thin", "tinny", "thinner", "weedy", "wimpy")
_put("tonadj", "dull-", "dull", "muffled", "duller", "veiled")
_put("tonadj", "crisp+", "crisper", "crisp", "clearer", "clear", "snappier", "snappy",
     "sparkly", "sparklier", "defined", "crystal")  # fmt: skip
_put("tonadj", "bass+", "bassier", "boom heavy", "deeper", "bass heavy", "bass-heavy", "bassy",
     "subbier")  # fmt: skip
_put("fat", "up", "fatter", "fat", "thicker", "thick", "beefier", "beefy", "chunkier", "chunky",
     "meatier", "meaty", "phat", "phatter", "fatness", "thickness", "grit", "dirt",
     "saturation", "distortion", "overdrive", "crunch", "warmth and grit", "harmonics",
     "saturated", "fuzz", "heavier saturation", "tape saturation")  # fmt: skip
_put("moodnoun", "punchy", "punch", "knock", "thump", "slap", "bounce", "groove", "smack")
_put("moodnoun", "warm", "warmth", "soul")
_put("moodnoun", "dark", "darkness", "menace", "gloom", "evil vibes", "doom", "darker vibe",
     "a darker vibe")  # fmt: skip
_put("moodnoun", "aggressive", "aggression", "anger", "rage", "attitude", "heaviness")
_put("moodnoun", "dreamy", "dreaminess", "atmosphere", "ambience", "haze", "space vibe")
_put("moodnoun", "happy", "happiness", "joy")
_put("moodnoun", "sad", "sadness", "melancholy", "emotion")
_put("moodnoun", "lo-fi", "lofi vibe", "lo-fi vibe", "lo-fi vibes", "lofi vibes", "lo-fi feel",
     "lo-fi character")  # fmt: skip
# what a track or the song has
_put("effect", "reverb", "reverb", "reverbs", "verb", "reverberation", "echoes of the room",
     "room sound", "wetness", "ambience reverb", "space", "room", "hall", "wash",
     "spaciousness", "reverb tail", "depth", "decay", "reverb decay", "decay time",
     "reverb time", "tail", "reverb send")  # fmt: skip
_put("effect", "compression", "compression", "compressor", "squash")
_put("effect", "sidechain", "sidechain", "side chain", "sidechaining", "ducking", "pumping",
     "sidechain compression", "side-chain", "make room", "make some room", "make space",
     "leave room", "leave space", "carve out space", "give room", "clear some room",
     "clear room")  # fmt: skip
_put("effect", "none", *ABSENT_EFFECTS)
PHRASES.update(EFFECT_PHRASES)
_put("effect", "volume", "volume", "level", "levels", "loudness", "gain", "fader", "vol")
_put("noun", "tempo", "tempo", "bpm", "speed", "pace")
_put("noun", "key", "key", "scale")
_put("noun", "pitch", "pitch", "tuning")
_put("noun", "genre", "genre", "style")
_put("noun", "mixdown", "mix", "master", "sound", "mixdown", "mastering")
_put("noun", "hardstop", "hard stop", "hard cut", "hard ending", "abrupt ending", "abruptly",
     "suddenly", "sudden stop", "the end abrupt", "the ending abrupt", "end abruptly",
     "ends abruptly",
     "abrupt end")  # fmt: skip
_put("part", "ontop", "on top", "on top of it", "on top of that", "in addition", "as a layer")
_put("noun", "length", "length", "duration")
_put("noun", "fade", "fade-out", "fadeout", "fade-in", "fadein")
_put("noun", "mood", "mood", "vibe", "vibes", "atmosphere", "feel")
PHRASES["fade-in"] = PHRASES["fadein"] = ("noun", "fadein")
PHRASES["fade-out"] = PHRASES["fadeout"] = ("noun", "fadeout")
# whom it concerns
_put("song", "song", "song", "the song", "the whole song", "the whole thing", "whole thing",
     "everything", "this beat", "my beat", "the whole beat", "this track", "the track",
     "whole track", "the whole track", "the entire song", "entire song", "whole song",
     "instrumental", "tune", "the instrumental", "this song", "whole beat", "the entire track",
     "entire track", "it all", "all of it", "overall", "the overall mix", "the mix",
     "the master", "this thing", "arrangement", "the arrangement", "the whole mix",
     "all tracks", "every section", "all sections", "all the sections", "each section",
     "every track", "the whole arrangement", "all the way through",
     "from start to finish", "the whole time", "the entire time", "the whole way through",
     "start to finish", "everywhere", "the entire way", "this one", "the entire thing",
     "the overall sound", "all of this", "the total", "the production", "my song", "my track",
     "the tune", "this tune", "your beat", "the joint", "entire beat", "the entire beat",
     "this whole thing", "this instrumental", "whole arrangement")  # fmt: skip
_put("pron", "it", "it", "that", "this", "them", "they", "those", "these", "that one",
     "those ones", "their", "that thing", "him", "her")  # fmt: skip
_put("rest", "rest", "everything else", "the rest", "all the rest", "all else", "rest",
     "the others", "all the other tracks", "the other tracks", "everything other",
     "all other tracks", "everybody else", "the rest of the song", "the rest of it")  # fmt: skip
_put("source", "sound", "sound", "sounds", "loop", "loops", "sample", "samples", "one", "ones",
     "version", "take", "part", "parts", "variation", "track", "line", "option", "pattern",
     "patterns", "stem", "channel", "layer", "layers", "texture", "type", "choice", "stuff",
     "groove part", "idea", "thing", "something", "anything", "kind", "beat part",
     "tone")  # fmt: skip
_put("other", "other", "another", "one more", "an extra", "one extra", "an additional",
     "yet another", "a further", "different", "new",
     "other", "else", "fresh", "alternative", "alternate", "next", "something else",
     "something different", "anything else", "instead", "something new", "the other one",
     "a new one", "another one", "a different one", "new one",
     "a better one", "something better", "better one", "better ones")  # fmt: skip
_put("runner", "runner", "runner-up", "runner up", "alternative number", "option number",
     "candidate", "runners-up")  # fmt: skip
_put("other", "best", "the next best", "next best", "next one", "the next one")
# determiners and numbers
_put("det", "def", "the", "my", "your", "our", "his", "whole", "entire", "current", "existing",
     "actual")  # fmt: skip
_put("det", "this", "this here", "that there")
_put("det", "indef", "a", "an", "some", "a couple of", "a few", "couple of", "several",
     "any kind of", "some kind of", "some sort of", "a kind of", "a set of",
     "another set of")  # fmt: skip
_put("ord", "all", "all", "every", "each", "all of the", "all the", "every single",
     "each of the", "every one of the", "all my")  # fmt: skip
_put("ord", "both", "both", "both the", "both of the")
_put("ord", "oneof", "one of the", "one of", "one of my", "any of the", "some of the", "either")
_put("ord", "last", "last", "final", "very last", "closing")
_put("ord", "1", "first", "1st", "opening", "very first", "initial")
_put("ord", "2", "second", "2nd")
_put("ord", "3", "third", "3rd")
_put("ord", "4", "fourth", "4th")
_put("ord", "5", "fifth", "5th")
for _n, _w in enumerate(
    [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
    ]
):
    if _w != "one":
        _put("num", str(_n), _w)
_put("num", "1", "one single", "a single", "1")
_put("num", "32", "thirty-two", "thirty two")
_put("num", "2", "a couple", "couple")
_put("ratio", "2", "twice", "two times", "double", "doubled", "twice as", "2x", "x2", "2 times",
     "double the length", "double the length of", "twice the length", "double length")  # fmt: skip
_put("ratio", "0.5", "half", "half as", "half the length", "in half", "by half", "half of",
     "to half", "half length", "halfway")  # fmt: skip
_put("ratio", "3", "three times", "triple", "3 times", "3x", "thrice")
_put("ratio", "4", "four times", "quadruple", "4 times")
_put("ratio", "0.25", "a quarter", "quarter", "to a quarter")
_put("ratio", "0.333", "a third of")
for _lofi in ("lo-fi hip hop", "lofi hiphop", "lo-fi hip-hop", "lo fi hip hop", "lofi hip-hop",
              "lo-fi hiphop", "chillhop"):  # fmt: skip
    _put("genre", "lo-fi", _lofi)
_put("timefeel", "2", "double time", "double-time", "doubletime", "double speed",
     "double the tempo", "double the speed", "twice as fast", "twice the speed")  # fmt: skip
_put("timefeel", "0.5", "in half time", "half time", "half-time", "halftime", "half speed",
     "half the tempo", "half the speed", "half as fast")  # fmt: skip
_put("interval", "1", "a half step", "half step", "half-step", "semitone", "a semitone",
     "half a step", "half tone", "a half tone", "halfstep", "half steps")  # fmt: skip
_put("interval", "2", "whole step", "a whole step", "a whole tone", "whole tone", "a step",
     "whole steps", "a full step")  # fmt: skip
_put("interval", "12", "octave", "an octave", "one octave", "octaves", "a whole octave")
_put("interval", "7", "a fifth", "perfect fifth", "a perfect fifth")
_put("interval", "5", "a fourth", "perfect fourth", "a perfect fourth")
_put("interval", "3", "a minor third")
_put("interval", "4", "a major third")
# prepositions, normalised
_put("prep", "in", "in", "on", "during", "throughout", "within", "inside", "across", "all over",
     "through", "over", "for", "at", "of", "as for", "all through", "when it comes to", "onto",
     "regarding", "around", "about", "per")  # fmt: skip
_put("prep", "for", "for")
_put("prep", "on", "on", "onto", "on top of", "over")
_put("prep", "at", "at")
_put("prep", "of", "of", "off")
_put("prep", "after", "after", "following", "right after", "directly after", "straight after",
     "just after", "behind", "past", "immediately after", "once", "after that")  # fmt: skip
_put("prep", "before", "before", "ahead of", "prior to", "in front of", "right before",
     "just before", "directly before", "leading up to", "immediately before",
     "preceding")  # fmt: skip
_put("prep", "between", "between", "in between", "in-between")
_put("prep", "into", "into", "in to", "going into", "leading into", "towards", "up to",
     "up into", "toward")  # fmt: skip
_put("prep", "to", "to")
_put("prep", "until", "until", "up until", "before we get to")
_put("prep", "with", "with", "using", "featuring", "via", "w/", "alongside", "along with",
     "together with")  # fmt: skip
_put("prep", "from", "from", "starting at", "starting from", "from the")
_put("prep", "under", "under", "underneath", "beneath", "below", "against", "behind")
_put("prep", "by", "by")
_put("prep", "except", "except", "except for", "apart from", "other than", "besides",
     "with the exception of", "everything but", "all but", "anything but", "everything except",
     "everything except for", "excluding", "but not", "everything besides",
     "aside from")  # fmt: skip
_put("prep", "like", "like", "more like", "similar to", "closer to", "à la", "in the style of")
_put("prep", "than", "than", "compared to")
_put("prep", "instead", "instead of", "rather than", "in place of", "in lieu of", "not")
PHRASES["not"] = ("neg", "not")
PHRASES["behind"] = ("prep", "after")
_put("only", "only", "only", "just", "solely", "nothing but", "purely", "by itself", "alone",
     "on its own", "by themselves", "exclusively", "simply", "on their own", "nothing else",
     "and nothing else", "with nothing else", "nothing except")  # fmt: skip
_put("neg", "not", "not", "don't", "do not", "doesn't", "never", "no longer", "isn't", "aren't",
     "won't", "shouldn't", "didn't", "does not", "stop", "ain't", "cannot", "can't",
     "wasn't")  # fmt: skip
PHRASES["alone"] = ("part", "alone")
_put("again", "again", "again", "once more", "one more time", "another time", "another round",
     "a second time", "as well again")  # fmt: skip
_put("too", "also", "also", "as well")
_put("verb", "start", "kick off", "kicks off", "kick it off", "kick things off", "start off",
     "starts off")  # fmt: skip
_put("verb", "delete", "get rid of", "getting rid of", "do away with", "has to go",
     "have to go", "got to go", "needs to go", "need to go", "must go", "should go", "can go",
     "out with", "rid of", "say goodbye to", "goodbye", "no need for", "be without",
     "do without", "go without")  # fmt: skip
_put("verb", "regenerate", "roll the dice on", "roll the dice",
     "come up with something new for", "come up with something new",
     "come up with something else", "do it over", "do that over", "do them over", "come up with",
     "try again", "have another go at",
     "take another stab at", "from scratch", "another take on", "another go at", "do over",
     "give another try", "another try",
     "another shot", "another go", "another pass", "a fresh take", "a redo",
     "a do over")  # fmt: skip
_put("verb", "undo", "never mind", "ctrl z", "control z", "scratch that", "forget it",
     "forget that", "cancel that", "liked it better before", "like it better before",
     "was better before", "better before", "how it was", "as it was", "the way it was",
     "put it back", "change it back", "take that back", "take it back", "roll back",
     "step back", "preferred it before", "liked it before", "go back", "bring it back to",
     "undo it", "cmd z", "the previous version", "back to before", "switch it back",
     "turn it back", "set it back", "back to the previous version", "not what i wanted",
     "not what i meant", "like before", "the one before", "one step back", "the old one",
     "old one back", "the old one back", "liked the old one better", "preferred the old one",
     "wind back", "go back to before", "the old version")  # fmt: skip
_put("asis", "asis", "as it is", "as they are", "as is", "the way it is", "the way they are",
     "untouched", "intact", "unchanged", "like it is", "like they are", "how it is",
     "how they are", "exactly as it is", "whatever happens", "no matter what", "like that",
     "like this", "alone", "be", "where it is", "as that is", "just like that",
     "whatever you do", "for good", "as it stands")  # fmt: skip
del PHRASES["be"], PHRASES["alone"]
_put("verb", "compress", "even it out", "even out", "even them out", "level it out",
     "level out", "under control", "control the dynamics of")  # fmt: skip
_put("verb", "shuffle", "start from scratch", "start over", "from the ground up", "start again",
     "start fresh", "do it all over", "do it all again", "surprise me", "random",
     "at random")  # fmt: skip
_put("same", "same", "the same", "same", "same thing", "the same thing", "do the same", "ditto",
     "likewise", "do that", "do this", "that too", "same again", "do it", "and the same",
     "similarly", "same deal", "same treatment", "the same treatment")  # fmt: skip
for _word in ("up", "down", "out", "back", "away", "forward", "alone", "together", "upwards",
              "downwards"):  # fmt: skip
    _put("part", _word, _word)
PHRASES["upwards"], PHRASES["downwards"] = ("part", "up"), ("part", "down")
PHRASES["higher"] = PHRASES["high"] = ("height", "up")
PHRASES["lower"] = ("height", "down")
PHRASES["low"] = ("height", "down")
PHRASES["alone"] = ("part", "alone")
_put("side", "left", "left", "to the left", "on the left", "left side", "leftwards")
_put("side", "right", "to the right", "on the right", "right side", "hard right", "rightwards",
     "right")  # fmt: skip
_put("side", "left", "hard left")
_put("side", "center", "center", "centre", "middle", "to the center", "dead center", "centered",
     "the middle of the mix", "in the middle", "centred")  # fmt: skip
_put("mode", "major", "major")
_put("mode", "minor", "minor")
_put("wh", "why", "why", "how come", "what's the reason", "for what reason", "reason")
_put("wh", "what", "what", "what's", "whats", "which", "what is", "how", "who", "where",
     "what are", "tell me", "how many", "what're", "how does", "when")  # fmt: skip
_put("style", "tape", "tape", "tape vibe", "tape feel", "tape sound", "tape mix", "cassette",
     "vinyl", "tape machine", "vinyl feel", "vinyl vibe", "on tape", "analog feel",
     "analog vibe", "analogue vibe", "analog warmth", "analog mix", "analog sound",
     "analogue sound", "tape warmth", "cassette vibe", "tape style", "tape treatment",
     "old tape", "vintage tape", "cassette feel", "cassette sound", "vinyl sound", "tapey",
     "analogue feel", "analogue warmth", "taped")  # fmt: skip
_put("style", "polished", "polished", "radio ready", "radio-ready", "professional", "pro",
     "mastered", "glossy", "slick", "release ready", "commercial", "studio quality", "pristine",
     "hi-fi", "hifi", "modern mix", "clean mix", "professionally mixed", "radio", "well mixed",
     "spotify ready", "polished mix", "expensive")  # fmt: skip
_put("style", "raw", "raw", "unmixed", "unprocessed", "rough mix", "demo", "demo-like",
     "untouched", "raw mix", "unpolished", "rough", "rawer", "basement")  # fmt: skip
_put("folderish", "analog", "analog", "analogue")
_put("sep", ",", ",")
_put("sep", "and", "and", "&", "n", "plus", "+", "as well as", "or", "then", "nor", "along with")
_put("sep", "hard", ".", ";", "!", "?", "and then", "but", "then", "afterwards", "and also",
     "however", "though", "while", "plus also", "after that", "next up", "because", "since",
     "so that", "but also", ":", "…", "...", "and please", "although", "cause", "cuz")  # fmt: skip
_put("pron", "it", "those two", "these two", "them both", "both of them", "the two of them")
_put("verb", "mute", "shut up", "be quiet", "keep quiet")
_put("verb", "remove", "get rid off", "rid of")
_put("neg", "not", "nobody should be", "nobody should")
PHRASES.update(FURTHER_PHRASES)
