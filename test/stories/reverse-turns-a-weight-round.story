# B10.2: `reverse` swaps the sign. 100 and a good check of 30 is 70 and of -30 is 100; a bad one of 30 is 100 and of
# -30 is 130. With weight 0 it is the good one that means FAULT.

check script/a
check script/b
router priority=100 track=script/a:30:reverse,script/b:-30:reverse
startup
answer script/a good
answer script/b good
state
answer script/a bad
state
answer script/b bad
state
----
initialize -> backup (startup)
backup priority=70 due in 3.726563s
backup priority=100 due in 3.609375s
backup priority=130 due in 3.492188s

check script/c
reconfigure a track=script/c:0:reverse
answer script/c bad
state
answer script/c good
----
backup priority=100 due in 3.609375s
backup -> fault (check_fault)
