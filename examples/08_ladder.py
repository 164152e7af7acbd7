"""What does a network buy over softmax on pixels? Each method on the same pictures, with a paired test."""

import clearsight as cs

found = cs.ladder("digits", rungs=["majority", "pixels", "hog"], epochs=2, out="ladder")
print(found.table())
found.save("ladder.csv")
