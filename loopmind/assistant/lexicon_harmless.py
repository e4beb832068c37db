"""Words that change nothing about a wish: courtesies, emphasis, and talk about oneself."""

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
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)
