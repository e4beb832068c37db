"""The terminal commands, one file each; loopmind.cli finds them by name."""
