"""What marks a hook's specification, and a plugin's implementation of it."""

import pluggy

PROJECT = "packhouse"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Decorates a plugin's implementation of a hook; `tryfirst` and `trylast` order it among those of other plugins."""
