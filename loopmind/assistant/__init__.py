"""The assistant: plain words in, edits, actions or one question out; offline and deterministic."""

from loopmind.assistant.reader import read
from loopmind.assistant.values import Choice, Memory, Question, Reading

__all__ = ["Choice", "Memory", "Question", "Reading", "read"]
