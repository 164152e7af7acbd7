"""Many pictures on many processes or machines: a manifest of shards, a pure function from a shard to rows, Parquet files, exact counts."""
