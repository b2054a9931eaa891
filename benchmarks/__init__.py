"""Measurements that are run by hand; `README.md` says how and what came out."""
