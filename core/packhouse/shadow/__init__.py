"""Shadow mode: a new version of a plugin goes through recorded events beside the old one, and nothing comes of it.

Each version runs in a process of its own that cannot reach the network; whatever it would have sent is written down instead, and
answered from recordings. The log, the orders and what the plugin keeps are read from the database through this process, and
nothing is written there.
"""
