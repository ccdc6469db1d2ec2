"""What a running Packhouse tells about itself: logs, metrics and traces, none of which ever holds a secret.

bound.py     what the current task is about: said with every line that it logs
secrets.py   known secrets and what looks like one, hidden in any text
logs.py      lines as JSON or text, through both of them
"""
