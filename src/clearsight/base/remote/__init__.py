"""Files at addresses (`s3://…`, `gs://…`, `https://…`, `hf://…`): listed, read in ranges and written, through fsspec."""
