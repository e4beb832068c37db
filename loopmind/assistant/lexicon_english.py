"""Everyday words that lie near a word of editing but mean themselves: never mended."""

from __future__ import annotations

ENGLISH = frozenset(
    """
    above abruptly accept accordion account across actor adapter adapters adopted against agree
    allow almost along alter among analogy angry answer arising around arranged arrive attack
    attempt autumn backend bagpipe bagpipes bake baking banjo barely base bash basis bassoon
    beach bear beaten beats beer begin behind believe belong below beside beyond bidder biggest
    binding bird birthday black blue boat book booking borrow boss bounded bounding brace brash
    brave breakfast breaking bride bridle brigade brightred bring brown builder builders bumping
    busy butt cake call callers calm camera carry cash catch cell chair chance charge cheap
    checked checking choice choir choose chordal chore chores chunked clapping clarinet clash
    clean clearly clever clobber close closure cloud cluster coffee cold collection common
    compete complex computer concerning connecting connection converged converter converters
    cook cooking cool cord core corner correct corruption cowbell crash crazy cropping cruel
    crunch crush curse cute dance dangerous dare darkred dart dealing decide deck decrease
    defend defines definitive deflate degenerate delegate delegating derived derives deriving
    describe desk despite didgeridoo differing digger dinner dirty disaster docking doctor door
    doubly draw dream drink drive drop dumping during dwell dynamic early earn easy edge eight
    electronic email empty encoding enemy enjoy evening eventually exactly except exercising
    expander expanders expensive explain explored exploring exporter extensive extent extents
    fact fail fake fall false faster fastest father fatter fear feast february feeding feel
    fiddle fight file files film find finish firm firmly fist fitness five flash flat flatten
    flattened flattening flower fluke focal folder football forbid force foreign forget
    formatting forming foster four fractional free fresh friday fridge fright full fully game
    games garden generality give gold gong gradually grass gray green grey grill grow guess half
    halt halts halves hams handler happy hard hardly harmonic harmonica hash hashing hate head
    heading heads hear heavy hello help herder highest hinting hire hits hold holders holiday
    honest hood hooking hoop hope horse hour house huge hundred hurt importance improve increase
    inheriting insertions inside internet into inverted january join joke jump jumping kids kill
    kind king kiss kitchen knocking know ladder lang laptop large lass lasting late latter laugh
    leaf leak lean leap learn leave left lend lens letter lift light lightly like linewise
    linger linking liquid listen listing load loader local lock locking lodger logger lone
    longest look looking looping loose lord lose loss loudly lounge love lover loyal lunch lung
    lyre maker making mandolin mapping mare marimba marking marry masking mass master masters
    mayor measured meet melody mere mess message middle midnight million miner minister minute
    mirror missing mode mole moment monday money monster month moon moral morning mostly motif
    mountain mouse move movie mule mutt narrow near nearly need news nick night nights nine noon
    normal notes novel nurse oboe open orange ordinal originally origins outdo outer outside
    overlay overriding overwrites packing paid paint pals pans paper part particular partly
    parts party pass password past pastor patched patches patching path peer perl perm
    permission phone photo pickled pickling picture pink pizza plain plan plane planet plant
    plaster play police polite polling poor portion portions powder power prediction prefer
    prepending prevent price printer private probable processing produce produced produces
    project projecting projection projects promise property protect provably public publishing
    pull pumping purple push qualify quarter quarters quick quietly quit quite randomness range
    rapid rare read readers real receive recomputed recover refuse regexes related relating
    relax remaining remains remember remote removal renderer renderers rent reordering
    repeatedly repetition repo require requires reserve resolve respect rest resting return
    reverse rich ride right rise river rocking roughly rounded rude safe sampled saturday save
    scale scare school screen search selection sell send sensing seven shaking shape share
    sharply shipped shirt shoot shooter shore shout show shower shrink signing silver similarity
    simple sing sister situation sizes slapping slash sleep slew slicing slot slowly small smart
    smell smile smoothly snapping snow soap sofa softly solid solver solving song sore soundex
    spacing spanning spare speak speaking spelled spelling spend spinner sport spring stale star
    stare stark start startup stat state stay steadily steal steelpan stitch stomping stop story
    strange streaming strongly study stupid style succeed suddenly summary summer sunday
    supposed swamp swan swim synthesize table take taking talk talking tall tapping taste teach
    teacher tell temp temple terse testing themes theremin thick thin think third thirds thirst
    thirsty thought thousand three through throughput throw thursday time times timpani tired
    today tomorrow tone tonight touch toward tower transitive transport travel tray tree trip
    true truncation tuba tuesday tune tuned twitch types ukulele unblock understand unlock
    unquote until upon usual valid validation vapid verbose verge versa versus vibraphone vice
    video visit vivid void wait waiting wake waking walk walking want wanting warm wasting watch
    weather website wedding wednesday week whatsoever whenever whereas whether whisper white
    wide window winner winter wise wish within without wording work working worry worsen
    wrapping write wrong year yellow yesterday young
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)
