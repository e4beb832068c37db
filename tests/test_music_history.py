"""The history tree: undo and redo go where they should, and no step can break it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopmind.errors import LoopMindError, UsageError
from loopmind.files.project import Project
from loopmind.files.project_format import from_outer
from loopmind.music.history import History, check_branch_name

STEPS = st.lists(
    st.tuples(st.sampled_from(["edit", "undo", "redo", "branch", "switch", "merge"]),
              st.integers(1, 4)),
    max_size=60,
)  # fmt: skip


def walked(steps: list[tuple[str, int]]) -> History:
    """The history after random steps; those that cannot be done are left out."""
    history = History().add("generated")
    names = random.Random(1)
    for what, number in steps:
        try:
            if what == "edit":
                history = history.add("edited", words=str(number))
            elif what == "undo":
                history = history.undo(number)
            elif what == "redo":
                history = history.redone(number)
            elif what == "branch":
                place = names.randrange(len(history.revisions))
                history = history.branched(f"b{len(history.branches)}", place)
            elif what == "switch":
                branches = sorted(history.branches)
                history = history.switched(branches[number % len(branches)])
            else:
                other = names.randrange(len(history.revisions))
                history = history.add("merged", merged=(other, "hook 1"))
        except LoopMindError:
            continue
    return history


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_any_walk_keeps_the_tree_and_reads_back(steps: list[tuple[str, int]]) -> None:
    history = walked(steps)
    replace(history)  # checks itself when made
    import msgpack

    from loopmind.files.project import pack_project

    outer = msgpack.unpackb(pack_project(Project(history, {}, {})), strict_map_key=False)
    assert from_outer(outer).history == history


@given(STEPS, st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_redo_takes_back_undo(steps: list[tuple[str, int]], count: int) -> None:
    history = walked(steps)
    possible = len(history.line()) - 1
    if count > possible:
        with pytest.raises(LoopMindError):
            history.undo(count)
        return
    back = history.undo(count)
    assert back.head.id == history.line()[-1 - count].id
    assert back.redone(count).head == history.head
    one_by_one = history
    for _ in range(count):
        one_by_one = one_by_one.undo()
    assert one_by_one == back
    assert back.revisions == history.revisions  # nothing is lost


def test_what_was_visited_last_is_what_redo_goes_to() -> None:
    history = History().add("generated").add("edited", words="a").undo().add("edited", words="b")
    assert [step.words for step in history.undo().redo_steps()] == ["b"]
    other = history.branched("first try", 1)
    assert other.head.words == "a" and other.undo().redone().head.words == "a"
    assert other.switched("main").undo().redone().head.words == "b"
    assert other.common(1, 2) == 0


def test_names_of_revisions() -> None:
    history = History().add("generated").add("edited").branched("my hook").add("edited")
    assert history.find("").id == history.find("head").id == history.find("@my hook").id == 2
    assert history.find("main").id == history.find("-1").id == history.find("1").id == 1
    for name in ("3", "-3", "chorus"):
        with pytest.raises(UsageError, match=r"0 to 2|only 2"):
            history.find(name)
    for bad in ("", " x", "12", "-1", "a@b", "a/b", "head", "x" * 61, "a\nb"):
        with pytest.raises(UsageError):
            check_branch_name(bad)
    with pytest.raises(UsageError, match="already"):
        history.branched("main")
    with pytest.raises(ValueError, match="does not hang"):
        History((replace(history.revisions[1], parent=1),), {"main": 0})
