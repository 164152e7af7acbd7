"""A run never loses work: every fault at every operation, then a resume, and the folder is that of the uninterrupted run.

`child.py` is a process that imports everything once and forks a child for each run. In the child every operation that
changes the disk goes through one counter (`counter.py`): at operation k the fault happens. Nothing can pass by the
counter unseen: Python's audit hook reports each such call that does not come through it, and the log of operations,
replayed on a modelled disk (`disk.py`), must give the real folder byte for byte. The same log, with what was not
synced dropped, is the power cut. The clock of the children stands still, so whole folders can be compared, report and
all. `harness.py` is the tests' side: it asks for runs, resumes them, and says what is not as it was promised.
"""
