"""The assistant: plain words in, edits, actions or one question out; offline and deterministic.

A language model of the user's own can be asked what is not understood (endpoint.py), never else.
"""

from loopmind.assistant.reader import read
from loopmind.assistant.recall import recall
from loopmind.assistant.values import Choice, Memory, Question, Reading

__all__ = ["Choice", "Memory", "Question", "Reading", "read", "recall"]
