"""Pictures made to fool a classifier, and the checks that say whether the attempt was an honest one."""
