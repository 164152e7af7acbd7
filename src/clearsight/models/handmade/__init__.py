"""Hand-designed features: pixels, histograms, HOG, SIFT words, DoG and Gabor filters, kernels."""
