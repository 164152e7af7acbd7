"""Clearsight: image classification you can see through."""
