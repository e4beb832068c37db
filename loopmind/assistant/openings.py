"""Set phrases that open a request or make it a mere question."""

from __future__ import annotations

import re

REQUESTS = re.compile(
    r"^(?:(?:so|and|ok|okay|hey|hi|well|but|now|please|yo)[ ,]+)*"
    r"(?:how about|what about|why not|what if (?:you|we|i)|why do(?:n't| not) (?:you|we)|"
    r"do you mind|what would (?:it|this|that) (?:sound|be|feel) like (?:as|with|in)|"
    r"is it possible to|is there (?:a|any) way to|any chance (?:you|we) (?:can|could))\s+",
    re.IGNORECASE,
)


QUESTIONS = re.compile(
    r"^(?:(?:so|and|ok|okay|hey|hi|well|but|now|hmm)[ ,]+)*"
    r"(?:is|are|was|were|do|does|did|should (?:i|we|it|the|that|this)|am|have you|has|shall i|"
    r"would you say|any (?:alternatives|other|options)|are there)\b.*\?\s*$",
    re.IGNORECASE,
)


ONLY_ASKED = re.compile(
    r"^(?:should (?:i|we)|do you think|any alternatives|are there|"
    r"do (?:i|we) (?:have|need|use|hear)|(?:did|does|am|was|were|has|is|are) "
    r"(?:i|we|you|it|this|that|the|my|there)(?! possible| a way))\b",
    re.I,
)


WOULD_IT = re.compile(r"^would (?:more|less|a|an|the|it|that)\b(?! be possible).*\?\s*$", re.I)


INQUIRES = re.compile(
    r"(?:\W*\b(?:and|so|but|ok|hey|wait)\b\W*)*"
    r"(?:why|how come|which|who|when|how (?:long|loud|many))\b",
    re.IGNORECASE,
)


GOES_ON = re.compile(
    r"^(?:ok |okay |yeah |yes |no |actually )*(?:and|also|plus|now|then|or|only|just)\b", re.I
)


BARE_NO = re.compile(r"(?:no|nope|nah|yes|yeah|yep|hmm|wait|no wait|hmm no)")


DOUBTS = re.compile(
    r"^(?:i(?:'m| am) not (?:so )?sure (?:about|of)|i do not know (?:about|if|whether)|"
    r"not sure (?:about|if|whether|what)|i can ?not decide|i am torn|"
    r"i wonder (?:if|whether) (?:i|we) should|hard to decide)\b",
    re.I,
)


# A doubt is only a lead where the wish follows: "not sure about the pad, make it quieter".
GOES_FURTHER = re.compile(r"(?:[,.;!]| but)\s+(?:\w+\s+){2,}", re.I)


# "What about the vocals?" after a change: the same for them.
ALSO = re.compile(
    r"^(?:and |so |ok )*(?:what|how) about (?=(?:the|my|in|on) [\w ]+[?.!]*$)(?!.*\bone)", re.I
)
