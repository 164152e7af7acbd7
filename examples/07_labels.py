"""Find labels that are likely wrong, from arrays of any model and from a data set; ask what to label next."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

import clearsight as cs

rows, labels = load_digits(return_X_y=True)
random = np.random.default_rng(0)
wrong = random.choice(len(labels), 50, replace=False)
labels[wrong] = (labels[wrong] + random.integers(1, 10, 50)) % 10  # planted errors

probabilities = cross_val_predict(LogisticRegression(max_iter=200), rows / 16, labels, method="predict_proba")
found = cs.find_label_errors(labels, probabilities)
print(found.headline())
print(f"{np.isin(found.order[:50], wrong).mean():.0%} of the first 50 are planted")

run = cs.train("digits", model="hog", labels="5", epochs=5)  # five labels of each class
print(cs.suggest_labels(run, "digits", n=10).table())
