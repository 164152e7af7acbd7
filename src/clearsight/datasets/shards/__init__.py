"""Shards: tar files whose pictures are read by random access, without unpacking."""
