"""Units of the stream nodes: one file each, its kernel beside what prepares it."""
