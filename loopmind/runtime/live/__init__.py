"""The live engine: the same programs as the renderer's, served to a sound device.

Only this package imports sounddevice, and only when a device is opened.
"""
