"""The verbs of `import clearsight`: models and data as paths, names or objects in, typed results out."""
