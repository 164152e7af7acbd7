"""Compare two classifiers on the same test pictures, and stress the better one."""

import clearsight as cs

plain = cs.train("digits", model="pixels", epochs=2, out="pixels")
network = cs.train("digits", model="lenet5", epochs=2, out="lenet5")

found = cs.compare(plain, network)
print(found.sentence)
found.save("comparison.json")

better = network if found.difference["value"] > 0 else plain
print(cs.stress(better, n=200, severities=[1, 3, 5], only=["noise", "rotation"]).table())
