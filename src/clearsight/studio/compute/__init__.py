"""The process that has torch: it can be killed, and is started again."""
