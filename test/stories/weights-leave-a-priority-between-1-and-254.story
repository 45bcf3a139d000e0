# B10.1: 100 - 253 is 1, and 200 + 253 is 254. Skew_Time follows: 255/256 s and 2/256 s, and 3 s before it.

check script/a
check script/b
router priority=100 track=script/a:-253,script/b:253
startup
answer script/a bad
state
----
initialize -> backup (startup)
backup priority=1 due in 3.996094s

reconfigure a priority=200
answer script/a good
answer script/b good
state
----
backup priority=254 due in 3.007813s
