"""The 19 corruptions of ImageNet-C and CIFAR-10-C, for pictures of any size, grey or colour, in batches.

D. Hendrycks, T. Dietterich, Benchmarking neural network robustness to common corruptions and perturbations, ICLR 2019. One file
per kind; `table.py` has the names and the published strengths.
"""

from .table import CORRUPTIONS, MEAN_OVER, corrupted

__all__ = ["CORRUPTIONS", "MEAN_OVER", "corrupted"]
