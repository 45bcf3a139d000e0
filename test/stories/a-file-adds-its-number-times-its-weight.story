# B10.2, track_file: 100 + 7 * 3 = 121, 100 - 7 * 3 = 79 for -7, and reversed the other way round. A share of -254 or
# less is FAULT (-127 * 2), and one above 253 counts as 253: 254 is the most there is.

check file/a
router priority=100 track=file/a:3
startup
answer file/a 7
state
answer file/a -7
state
reconfigure a track=file/a:3:reverse
state
reconfigure a track=file/a:2
state
answer file/a -126
state
answer file/a -127
----
initialize -> backup (startup)
backup priority=121 due in 3.527344s
backup priority=79 due in 3.691406s
backup priority=121 due in 3.527344s
backup priority=86 due in 3.664063s
backup priority=1 due in 3.996094s
backup -> fault (check_fault)

answer file/a 200
state
----
fault -> backup (check_recovered)
backup priority=254 due in 3.007813s
