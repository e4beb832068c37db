"""Words that change nothing about a wish: courtesies, emphasis, talk about oneself, and of life."""

from __future__ import annotations

HARMLESS = frozenset(
    """
    dear assistant regards sincerely cheers homie homies bruh fam guys buddy pal boss chief champ
    honestly frankly personally obviously clearly apparently basically essentially generally
    usually normally truly surely certainly genuinely particularly especially specifically
    preferably hopefully thankfully unfortunately sadly luckily curiously briefly nicely gladly
    tastefully roughly approximately exactly precisely circa somewhere-around nearly almost
    otherwise altogether meanwhile afterall overall besides okey okie kay mkay aight ight ayo
    yall y'all ppl folks friend mate lad dawg dog g fr ngl tbh imo imho lol lmao haha hahaha hehe
    omg wow whoa oof ooh oh ah aha aw ugh argh damn dang darn freaking frickin fricking fucking
    fuckin effing bloody shit crap hell heck man gosh jeez holy sheesh yay woah
    love loved loving adore enjoy enjoying glad happy-with keen fan appreciate appreciated grateful
    wondering wonder curious question request ask asking favour favor help helping
    reckon suppose guess figure figured believe feel feels felt feeling seems seem seemed appears
    sounded looks looking look sounds heard hearing listened listening noticed notice noticing
    right-now currently presently today tonight yesterday tomorrow later soon moment second minute
    sec while session time times day week earlier previously recently finally eventually initially
    again once twice-over already still yet anymore anyhow anyways regardless
    though although because since cause cos coz cuz therefore thus hence
    whatever whichever whoever wherever however-you-like
    thing things stuff bit bits part piece way ways type manner spot
    result results difference case job
    here there everywhere somewhere
    everyone everybody anyone anybody people person folks ears ear head taste
    nice good great fine okay cool sweet awesome amazing excellent perfect lovely beautiful
    better best worse worst bad terrible awful horrible boring weird strange odd off wrong annoying
    wack whack meh lame trash garbage crappy shitty sucks suck sucky ugly cheesy corny
    generic bland stale tired overused
    little tiny bit-more touch tad hair smidge
    able possible doable feasible necessary needed required important
    ready done finished set clear sure certain
    being been having going getting doing making
    myself yourself itself ourselves themselves
    than-that such rather quite fairly pretty somewhat kinda sorta
    same-as yes yeah yep yup no-problem nope nah
    hello hi hey yo sup evening morning afternoon bye goodbye
    slot channel channels stem stems bus track tracks instrument instruments element elements
    section sections song songs
    vibe vibes feel feeling mood
    want wanting wish wishes wished
    producer beatmaker artist engineer
    said says told client clients label manager wants teacher producer
    ultimately actually really literally seriously definitely absolutely totally completely
    entirely fully properly utterly thoroughly majorly noticeably
    ideally maybe perhaps possibly potentially probably
    quickly real super mega ultra crazy insanely ridiculously incredibly awfully terribly
    every each own right lastly firstly secondly nobody tiktok bitte
    place separate whatsoever speaker speakers rhythmically along machines machine music easily
    somehow somewhat nowadays honest honestly-speaking proper decent neat tidy
    danke merci gracias por favor flow trust believe sanity please-do
    thanks thank
    she he who whom anymore meant mean sayin know knows knew dunno remember forgot sorry
    apologies pardon anyhoo opposite
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)

# Who is listening, where, on what, when and what for: it tells why, not what.
EVERYDAY = frozenset(
    """
    granddaughter grandson grandkids grandchildren grandparents stepdad stepmom godmother twins
    mum mom mommy mummy mother dad daddy father parents daughter son kid kids child children baby
    toddler wife husband girlfriend boyfriend gf bf fiancee fiance partner sister brother siblings
    cousin aunt auntie uncle nephew niece grandma grandpa granny nan nana grandmother grandfather
    family neighbour neighbours neighbor neighbors roommate roommates flatmate flatmates housemate
    colleague colleagues coworker coworkers bandmate bandmates teacher students student pupil
    customer customers audience crowd listener listeners fans guests dancers viewers subscribers
    followers strangers boss coach dj djs promoter landlord
    dog cat pet
    car van bus truck bike train plane tube subway commute kitchen bedroom bathroom shower living
    office studio club clubs bar pub gym stage school classroom lecture garden street outside party
    parties festival concert gig gigs rehearsal wedding funeral birthday christmas easter halloween
    holiday anniversary graduation ceremony dinner lunch breakfast brunch restaurant cafe shop
    store mall hotel hospital library shops coffee bedtime naptime
    headphones headphone earphones earbuds earpods airpods cans laptop phone smartphone iphone
    android tablet ipad computer monitors tv television soundbar soundsystem rig pa boombox stereo
    system bluetooth subwoofer alexa
    video videos clip movie trailer advert ad advertisement podcast vlog reel reels youtube twitch
    instagram insta stream game gaming scene episode documentary presentation slideshow short
    shorts montage ringtone audiobook
    headache headaches migraine throat stomach belly chest skin teeth goosebumps shivers knees feet
    legs hips arms hands bones spine brain nerves
    weekend monday tuesday wednesday thursday friday saturday sunday years months weeks hour hours
    o'clock deadline
    dance dancing sleep sleeping study studying concentrate relax workout training jogging cooking
    meditation meditate yoga sing read reading write perform performing performance practice
    practise practising practicing freestyle meeting trip journey drive walk walks walking nap
    opinion liking preference preferences point view chill-out lecture homework
    recital assembly exam exams marathon barbecue bbq picnic wedding-party
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)
