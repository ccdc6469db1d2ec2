"""The demo: orders that live through all eight steps on this machine, with simulators at the other end of every line.

catalogue   what the demo shop sells, where it lies, what is ordered
setup       settings, database and seed
people      the warehouse and the service desk, as clients of the running API
progress    what has become of each order, read over the API
screen      the terminal
run         one demo from the start to the table at the end
removal     everything of the demo out of a database, and nothing else
"""
