# B10.2, track_file of weight 0: 0 is good, anything else is FAULT, and reversed the other way round.

check file/a
router track=file/a
startup
answer file/a 0
answer file/a 1
answer file/a -1
answer file/a 0
----
initialize -> initialize (checks_pending)
initialize -> backup (startup)
backup -> fault (check_fault)
fault -> backup (check_recovered)

reconfigure a track=file/a:0:reverse
----
backup -> fault (check_fault)

answer file/a 5
----
fault -> backup (check_recovered)
