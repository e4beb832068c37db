"""Finding sounds: by likeness to another sound, by words, filtered by anything that is believed.

Likeness is the inner product of unit embeddings, searched with FAISS: exactly up to EXACT_LIMIT
sounds, beyond that over a navigable small-world graph (HNSW). The index is built from the
database, kept beside it with the database's revision, and built anew when the two differ.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.names import NameEvidence, read_words
from loopmind.errors import LoopMindError, UsageError
from loopmind.files.atomic import OutputError, atomic_path, atomic_write
from loopmind.library.rows import unpack_loop
from loopmind.library.store import Store
from loopmind.music.key import Key
from loopmind.music.loop import INSTRUMENTS, KINDS, MOODS, ROLES, Loop

EXACT_LIMIT = 50_000
INDEX_NAME = "similar.faiss"
_STATE_NAME = "similar.json"
_BELIEVED = 0.25
_FLOOR = 0.05
_INSTRUMENT_PULL = 2.0
_SOUND_PULL = 0.5
_WORD_PULL = 1.0
_MOST_COMPARED = 50_000
_HNSW_LINKS = 32
_HNSW_EFFORT = 96
_FILLER = frozenset(
    {"a", "an", "the", "and", "with", "in", "at", "of", "for", "like", "some", "sound", "sounds"}
    | {"bpm", "key", "my", "sample", "samples", "please", "find", "me"}
)

Embedding = NDArray[np.float32]


@dataclass(frozen=True)
class Filters:
    """What found sounds must be. bpm: lowest and highest. key: it or its relative.

    kind, role, instrument and each of `tags` must be believed at least with weight .25.
    """

    kind: str | None = None
    role: str | None = None
    instrument: str | None = None
    bpm: tuple[float, float] | None = None
    key: Key | None = None
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("kind", self.kind, KINDS),
            ("role", self.role, ROLES),
            ("instrument", self.instrument, INSTRUMENTS),
        ):
            if value is not None and value not in choices:
                raise UsageError(f"{value!r} is no {name}; choose from {', '.join(choices)}")

    def clause(self) -> tuple[str, list[Any]]:
        """SQL conditions on `files` and their values."""
        parts = ["missing = 0", "stamp IS NOT NULL"]
        values: list[Any] = []
        if self.kind is not None:
            parts.append("kind = ?")
            values.append(self.kind)
        if self.bpm is not None:
            parts.append("bpm BETWEEN ? AND ?")
            values += self.bpm
        if self.key is not None:
            parts.append("musical_key IN (?, ?)")
            values += (str(self.key), str(self.key.relative()))
        labels = [f"tag:{tag}" for tag in self.tags]
        labels += [f"role:{self.role}"] if self.role else []
        labels += [f"instrument:{self.instrument}"] if self.instrument else []
        for label in labels:
            parts.append("id IN (SELECT file_id FROM labels WHERE label = ? AND weight >= ?)")
            values += (label, _BELIEVED)
        return " AND ".join(parts), values

    @property
    def any(self) -> bool:
        return self != Filters()


@dataclass(frozen=True)
class Match:
    """A found sound with its score (higher is better, at most 1) and what spoke for it."""

    loop: Loop
    score: float
    why: tuple[str, ...] = ()


def _faiss() -> Any:
    """The FAISS package, loaded when something is searched; its stubs lack most of it.

    One thread: a query takes a millisecond, and threads that wait for each other on busy cores
    take fifty.
    """
    faiss: Any = importlib.import_module("faiss")
    faiss.omp_set_num_threads(1)
    return faiss


class Searcher:
    """Search over one store; keeps the index in memory until the database changes."""

    def __init__(self, store: Store, folder: Path, version: str) -> None:
        self._store = store
        self._folder = folder
        self._version = version
        self._index: Any = None
        self._revision = -1

    # by likeness

    def similar(
        self, embedding: Embedding, k: int, filters: Filters, *, without: str = ""
    ) -> list[Match]:
        """The `k` sounds most like `embedding`; the content with digest `without` is left out."""
        self._refresh()
        if self._index is None:
            return []
        if embedding.shape != (self._index.d,):
            raise UsageError(
                f"the embedding has {embedding.size} numbers, the library's have {self._index.d}; "
                "scan the library again"
            )
        norm = float(np.linalg.norm(embedding))
        query = (embedding / norm if norm > 0.0 else embedding).astype(np.float32)[np.newaxis]
        faiss = _faiss()
        parameters = None
        if filters.any:
            clause, values = filters.clause()
            found = self._store.query(f"SELECT id FROM files WHERE {clause}", values)
            if not found:
                return []
            chosen = faiss.IDSelectorBatch(np.array([row[0] for row in found], np.int64))
            parameters = (
                faiss.SearchParameters(sel=chosen)
                if self._index.ntotal <= EXACT_LIMIT
                else faiss.SearchParametersHNSW(sel=chosen, efSearch=_HNSW_EFFORT)
            )
        wanted = min(k + 1, self._index.ntotal)
        scores, ids = self._index.search(query, wanted, params=parameters)
        pairs = [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]
        matches = self._matches(pairs, {})
        return [m for m in matches if m.loop.digest != without][:k]

    def _refresh(self) -> None:
        revision = self._store.fact("revision")
        if revision == self._revision:
            return
        self._index = self._load(revision) or self._build(revision)
        self._revision = revision

    def _load(self, revision: int) -> Any:
        """The index kept beside the database, if it is of this revision and whole."""
        try:
            state = json.loads((self._folder / _STATE_NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if state != {"revision": revision, "version": self._version}:
            return None
        faiss = _faiss()
        try:
            return faiss.read_index(str(self._folder / INDEX_NAME))
        except RuntimeError:
            return None

    def _build(self, revision: int) -> Any:
        rows = self._store.query(
            "SELECT MIN(files.id), embedding FROM files JOIN heard USING (digest) "
            "WHERE missing = 0 AND files.stamp IS NOT NULL AND version = ? "
            "AND length(embedding) > 0 GROUP BY files.digest ORDER BY 1",
            (self._version,),
        )
        if not rows:
            return None
        faiss = _faiss()
        vectors = np.frombuffer(b"".join(row[1] for row in rows), np.float32)
        vectors = vectors.reshape(len(rows), -1)
        width = vectors.shape[1]
        if len(rows) <= EXACT_LIMIT:
            inner = faiss.IndexFlatIP(width)
        else:
            inner = faiss.IndexHNSWFlat(width, _HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
            inner.hnsw.efSearch = _HNSW_EFFORT
        index = faiss.IndexIDMap(inner)
        index.add_with_ids(vectors, np.array([row[0] for row in rows], np.int64))
        self._keep(index, revision)
        return index

    def _keep(self, index: Any, revision: int) -> None:
        """Write the index beside the database; a place that cannot be written does without."""
        faiss = _faiss()
        state = json.dumps({"revision": revision, "version": self._version})
        try:
            (self._folder / _STATE_NAME).unlink(missing_ok=True)  # never a state without its index
            with atomic_path(self._folder / INDEX_NAME) as temporary:
                faiss.write_index(index, str(temporary))
            atomic_write(self._folder / _STATE_NAME, state.encode())
        except (OutputError, OSError, RuntimeError):
            return

    # by words

    def by_words(self, text: str, k: int, filters: Filters) -> list[Match]:
        """The `k` sounds that fit the words of `text`: instruments, tags, tempo, key, names, sound.

        What words sound like ("analog", "deep") is learned: see `analysis.listening.words`. Each
        wish scores 0..1; the score is their weighted geometric mean, so a sound must meet
        all of them somewhat. Raises UsageError where no word is understood or found in a name.
        """
        said = read_words(text)
        wishes = self._wishes(text, said)
        if not wishes and not (said.bpm or said.key or said.kind):
            raise UsageError(
                f"none of the words in {text!r} are known or found in a file name; "
                "try an instrument (pad, kick), a mood (warm, dark), a tempo or a key"
            )
        filters = _narrow(filters, said)
        pairs = self._rank(wishes, filters, k) if wishes else self._first(filters, k)
        why = {
            id_: tuple(
                f"{name} {found[id_]:.2f}" for name, _, found in wishes if found.get(id_, 0.0) > 0.0
            )
            for id_, _ in pairs
        }
        return self._matches(pairs, why)

    def _first(self, filters: Filters, k: int) -> list[tuple[int, float]]:
        """The first `k` contents by path that pass `filters`."""
        clause, values = filters.clause()
        rows = self._store.query(
            f"SELECT MIN(id) FROM files WHERE {clause} GROUP BY digest ORDER BY MIN(path) LIMIT ?",
            [*values, k],
        )
        return [(row[0], 1.0) for row in rows]

    def _rank(
        self, wishes: list[tuple[str, float, dict[int, float]]], filters: Filters, k: int
    ) -> list[tuple[int, float]]:
        """The `k` contents that meet `wishes` best and pass `filters`, with their scores."""
        pull = sum(weight for _, weight, _ in wishes)
        least = sum(weight * math.log(_FLOOR) for _, weight, _ in wishes)
        totals: dict[int, float] = {}
        for _, weight, found in wishes:
            floor = math.log(_FLOOR)
            for id_, held in found.items():
                gain = weight * (math.log(_FLOOR + (1.0 - _FLOOR) * held) - floor)
                totals[id_] = totals.get(id_, least) + gain
        ranked = sorted(totals, key=lambda id_: (-totals[id_], id_))
        clause, values = filters.clause()
        chosen: list[tuple[int, float]] = []
        seen: set[str] = set()
        for at in range(0, len(ranked), 500):
            part = ranked[at : at + 500]
            marks = ",".join("?" * len(part))
            passing = dict(
                self._store.query(
                    f"SELECT id, digest FROM files WHERE id IN ({marks}) AND {clause}",
                    [*part, *values],
                )
            )
            for id_ in part:
                digest = passing.get(id_)
                if digest is not None and digest not in seen:
                    seen.add(digest)
                    chosen.append((id_, math.exp(totals[id_] / pull)))
                    if len(chosen) == k:
                        return chosen
        return chosen

    def _wishes(self, text: str, said: NameEvidence) -> list[tuple[str, float, dict[int, float]]]:
        """(name, weight, how well each file id meets it) of every wish in the words."""
        wishes = []
        words = list(dict.fromkeys(text.lower().replace("-", " ").split()))
        instruments = [b.value for b in said.instrument]
        for belief in said.instrument:
            labels = [f"instrument:{belief.value}"]
            labels += [f"role:{belief.value}"] if belief.value in ROLES else []
            wishes.append((belief.value, _INSTRUMENT_PULL * belief.weight, self._holding(labels)))
        for role in ROLES:
            if role in words and role not in instruments:
                wishes.append((role, _INSTRUMENT_PULL, self._holding([f"role:{role}"])))
        for belief in said.tags:
            wishes.append((belief.value, belief.weight, self._holding([f"tag:{belief.value}"])))
        for word in words:
            if word in _FILLER or word in said.known or any(letter.isdigit() for letter in word):
                continue
            if word in ROLES or word in MOODS:
                continue
            pattern = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            found = self._store.query(
                "SELECT id FROM files WHERE missing = 0 AND path LIKE ? ESCAPE '\\'",
                (f"%{pattern}%",),
            )
            if found:
                wishes.append((f"name: {word}", 1.0, {row[0]: 1.0 for row in found}))
        sounding = self._sounding(text, said)
        return [*wishes, sounding] if sounding is not None else wishes

    def _sounding(
        self, text: str, said: NameEvidence
    ) -> tuple[str, float, dict[int, float]] | None:
        """The wish to sound like the words, as the encoder's text side knows them."""
        from loopmind.analysis.listening.words import known_words, place_of, words_in

        words = [word for word in words_in(text) if word not in _FILLER]
        known = [word for word in words if word in known_words()]
        # Words for instruments that the text side spells otherwise: "bd" is a kick.
        known += [b.value for b in said.instrument if b.weight > 0.5 and b.value not in known]
        place = place_of(known)
        if place is None:
            return None
        self._refresh()
        if self._index is None or self._index.d != place.size:
            return None
        wanted = min(self._index.ntotal, _MOST_COMPARED)
        scores, ids = self._index.search(place[np.newaxis], wanted)
        scores, ids = scores[0][ids[0] >= 0], ids[0][ids[0] >= 0]
        middle, top = float(np.median(scores)), float(scores.max(initial=-1.0))
        if top - middle < 1e-6:
            return None
        held = np.clip((scores - middle) / (top - middle), 0.0, 1.0)
        found = {int(i): float(h) for i, h in zip(ids, held, strict=True) if h > 0.0}
        # What instruments, roles and moods say is labelled anyway; other words only this knows.
        others = [w for w in known if w not in said.known and w not in (*ROLES, *INSTRUMENTS)]
        return f"sounds {' '.join(known)}", _SOUND_PULL + _WORD_PULL * len(others), found

    def _holding(self, labels: Sequence[str]) -> dict[int, float]:
        marks = ",".join("?" * len(labels))
        rows = self._store.query(
            f"SELECT file_id, MAX(weight) FROM labels WHERE label IN ({marks}) GROUP BY file_id",
            labels,
        )
        return {row[0]: row[1] for row in rows}

    def _matches(
        self, pairs: list[tuple[int, float]], why: dict[int, tuple[str, ...]]
    ) -> list[Match]:
        found: dict[int, tuple[str, bytes]] = {}
        for at in range(0, len(pairs), 500):
            part = [id_ for id_, _ in pairs[at : at + 500]]
            marks = ",".join("?" * len(part))
            for id_, path, row in self._store.query(
                "SELECT id, path, loop FROM files JOIN merged ON file_id = id "
                f"WHERE id IN ({marks})",
                part,
            ):
                found[id_] = (path, row)
        return [
            Match(unpack_loop(found[id_][1], found[id_][0]), score, why.get(id_, ()))
            for id_, score in pairs
            if id_ in found
        ]


def _narrow(filters: Filters, said: NameEvidence) -> Filters:
    """The filters with what the words ask for exactly: kind, tempo within 3 %, key."""
    kind = filters.kind or (said.kind[0].value if said.kind and said.kind[0].weight > 0.8 else None)
    bpm = filters.bpm
    if bpm is None and said.bpm:
        bpm = (said.bpm[0].value * 0.97, said.bpm[0].value * 1.03)
    key = filters.key
    if key is None and said.key and said.key[0].weight >= 0.5:
        key = said.key[0].value
    return Filters(kind, filters.role, filters.instrument, bpm, key, filters.tags)


def as_embedding(numbers: Sequence[float] | NDArray[Any]) -> Embedding:
    """`numbers` as a float32 vector. Raises LoopMindError for anything but finite numbers."""
    vector = np.asarray(numbers, np.float32).ravel()
    if not vector.size or not np.all(np.isfinite(vector)):
        raise LoopMindError("the sound has no embedding; scan the library again")
    return vector
