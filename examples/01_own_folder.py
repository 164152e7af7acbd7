"""Train on your own pictures, one folder a class: python examples/01_own_folder.py photos."""

import sys

import clearsight as cs

data = sys.argv[1] if len(sys.argv) > 1 else "digits"

found = cs.check(data)  # unreadable files, duplicates, leaks, before they cost a result
print(found.table())

run = cs.train(data, epochs=2)  # network, size and precision are chosen; without epochs= so are they
print(cs.evaluate(run).table())  # on the pictures held back from training

print(f"classifier: {run.run}")
