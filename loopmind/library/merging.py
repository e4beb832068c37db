"""From what was heard to what is believed: names, learned style and corrections, remembered.

The merged row of a file carries a stamp of everything it was made from, so a scan of unchanged
files only reads rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loopmind.analysis.name_merge import merge_evidence
from loopmind.analysis.names import NAMES_VERSION, read_name
from loopmind.errors import CancelledError
from loopmind.files.places import models_in_use
from loopmind.library import naming
from loopmind.library.corrections import apply_corrections
from loopmind.library.hearing import HEARING_VERSION
from loopmind.library.rows import ROW_VERSION, labels_of, pack_loop, unpack_loop
from loopmind.library.store import Store
from loopmind.music.loop import Loop

_BATCH = 512
_OWN = ("tagger",)
_RELEARN_GROWTH = 0.05  # the naming style is learned anew when this share of files is new
_LEAST_FILES_TO_LEARN = 8
_LABEL_FLOOR = 0.3

Style = dict[str, tuple[tuple[str, float], ...]]


def analysis_version() -> str:
    """Names what a heard row depends on; when it changes, the library hears again."""
    from loopmind.analysis.version import ANALYSIS_VERSION

    # What a fine-tuned model of the user's heard is not what the shipped one hears.
    in_use = models_in_use()
    own = "".join(f".{name}-{in_use[name]}" for name in _OWN if name in in_use)
    return f"{ANALYSIS_VERSION}.{HEARING_VERSION}.{ROW_VERSION}{own}"


class Merger:
    """Merges the beliefs of files in one store."""

    def __init__(self, store: Store, cancelled: Callable[[], bool]) -> None:
        self._store = store
        self._cancelled = cancelled
        self._corrections = store.corrections()
        self._style: Style = {}

    def refresh(self, audio: dict[str, str]) -> str:
        """Bring the merged rows of `audio` (path: digest) up to date; returns their stamp."""
        self._learn_style()
        self._style = naming.style_of(self._store.naming())
        stamp = f"{analysis_version()}/{NAMES_VERSION}/{self._store.fact('naming')}"
        current = self._store.paths_stamped(stamp)
        stale = [(path, digest) for path, digest in audio.items() if path not in current]
        for batch, loops in self._heard_batches(stale):
            with self._store.changing():
                for path, digest in batch:
                    if digest in loops:
                        loop = self._merge(unpack_loop(loops[digest], path))
                        key = loop.best_key
                        facts = (loop.kind, loop.bpm, str(key) if key else None)
                        self._store.put_merged(path, stamp, pack_loop(loop), facts, labels_of(loop))
        return stamp

    def by_sound(self, audio: dict[str, str]) -> list[Loop]:
        """Loops without any evidence of names; what the user said still holds."""
        found = []
        for batch, loops in self._heard_batches(list(audio.items())):
            for path, digest in batch:
                if digest in loops:
                    loop = unpack_loop(loops[digest], path)
                    found.append(self._correct(loop))
        return found

    def _merge(self, loop: Loop) -> Loop:
        return self._correct(merge_evidence(loop, read_name(loop.path, style=self._style)))

    def _correct(self, loop: Loop) -> Loop:
        said = self._corrections.get(loop.digest)
        return apply_corrections(loop, said) if said else loop

    def _heard_batches(
        self, files: list[tuple[str, str]]
    ) -> Iterator[tuple[list[tuple[str, str]], dict[str, bytes]]]:
        """Files in batches, with the heard rows of their usable contents."""
        for at in range(0, len(files), _BATCH):
            if self._cancelled():
                raise CancelledError("the scan was cancelled; what was heard so far is kept")
            batch = files[at : at + _BATCH]
            heard = self._store.heard(sorted({digest for _, digest in batch}))
            yield batch, {d: row.loop for d, row in heard.items() if row.loop is not None}

    def _learn_style(self) -> None:
        """Learn the naming style anew if the library has grown or the user corrected something.

        Labels come from hearing, the built-in words and corrections, never from the style itself.
        """
        store = self._store
        files = store.count_heard_files()
        said = store.fact("corrections")
        grown = abs(files - store.fact("naming_files")) > _RELEARN_GROWTH * files
        if files < _LEAST_FILES_TO_LEARN or not (grown or said != store.fact("naming_corrections")):
            return
        self._style = {}
        rows = naming.learn(self._named(store.heard_files()))
        with store.changing():
            if rows != store.naming():
                store.put_naming(rows)
                store.raise_fact("naming")
            store.set_fact("naming_files", files)
            store.set_fact("naming_corrections", said)

    def _named(self, files: list[tuple[str, str]]) -> Iterator[naming.Named]:
        for batch, loops in self._heard_batches(files):
            for path, digest in batch:
                if digest not in loops:
                    continue
                labels = labels_of(self._merge(unpack_loop(loops[digest], path)))
                told = digest in self._corrections
                yield naming.Named(
                    path,
                    {
                        label: weight
                        for label, weight in labels.items()
                        if weight >= _LABEL_FLOOR and not label.startswith("role:")
                    },
                    naming.CORRECTED_COUNT if told else 1.0,
                )
