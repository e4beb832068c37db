"""Models that listen: run, and their answers read. How they are trained is learn's business."""
