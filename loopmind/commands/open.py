"""`loopmind open`: looks whether a project or bundle is whole, finds its sounds, tells of it."""

from __future__ import annotations

import argparse

from loopmind.commands._project import add_project, opened, revision_data, revision_words, tell


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project(parser)
    parser.add_argument(
        "--backup", action="store_true",
        help="go on from the copy before the last save; what lies in its place is set aside",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Open it, remember where its sounds are now, and tell of it."""
    from loopmind.runtime.project_sounds import used_digests

    lines = []
    if args.backup:
        from loopmind.files.project import restore_backup
        from loopmind.files.project_lock import ProjectLock
        from loopmind.runtime.project_place import project_path

        path = project_path(args.project)
        with ProjectLock(path).acquire():
            aside = restore_backup(path)
        kept = f"; what was there is kept as {aside.name}" if aside is not None else ""
        lines.append(f"{path} is its backup now{kept}")
    with opened(args) as session:
        notes, draft, history = session.notes, session.draft, session.history()
        session.remember_places()
        path, song = session.path, draft.song
        used = used_digests(draft)
        sounds = {r.path for r in session.project.references if r.digest in used}
    key = song.key.written if song.key else "no key"
    lines += [
        f"{path}: {song.title}, {song.bpm:g} bpm, {key}, {song.bars} bars",
        f"  branch {history.current} of {len(history.branches)}, revision {history.head.id} of "
        f"{history.last}: {revision_words(history.head)}",
        f"  {len(song.sections)} sections, {len(song.tracks)} tracks, {len(sounds)} sounds",
    ]
    data = {
        "project": str(path),
        "title": song.title,
        "bpm": song.bpm,
        "key": str(song.key) if song.key else None,
        "bars": song.bars,
        "branches": dict(history.branches),
        "current": history.current,
        "notes": list(notes),
        **revision_data(history.head),
    }
    return tell(args, lines, data, None)
