"""The stages of LoopMind in dataflow order, one thin file each."""
