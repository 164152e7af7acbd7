"""Few labels: learn features without labels (SimCLR), then train from them on ten labels of each class."""

import clearsight as cs

features = cs.pretrain("digits", model="lenet5", epochs=2, batch=256, out="features")
tuned = cs.train("digits", from_=str(features.run), labels="10", tune="head", out="tuned")
scratch = cs.train("digits", model="lenet5", labels="10", epochs=2, out="scratch")

print(cs.compare(scratch, tuned).sentence)
