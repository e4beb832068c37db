"""LoopMind turns a folder of loops into a finished song through an editable dataflow graph.

This file holds the version only; every room is imported when it is needed, never from here.
"""

__version__ = "0.1.0"
