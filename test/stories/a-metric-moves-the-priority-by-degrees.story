# metric, linear from 0 to 100 onto 10 to -90: 100 + 10 at 0, 100 - 40 at 50, 100 - 90 at 100 and beyond.

check check/load linear=0:100:10:-90 fall=2
router priority=100 track=check/load:1 garp_master_delay=0s
startup
answer check/load 0
state
answer check/load 50
state
answer check/load 1000
state
----
initialize -> backup (startup)
backup priority=110 due in 3.570313s
backup priority=60 due in 3.765625s
backup priority=10 due in 3.960938s

# By steps: nothing below 10, -10 from 10 on, -30 from 20 on.

check check/load step=10:-10,20:-30 fall=2
answer check/load 9.9
state
answer check/load 10
state
answer check/load 20
state
----
backup priority=100 due in 3.609375s
backup priority=90 due in 3.648438s
backup priority=70 due in 3.726563s

# A number that cannot be had any more counts on until the second bad answer, and then as the worst.

answer check/load 9
answer check/load bad
state
answer check/load bad
state
----
backup priority=100 due in 3.609375s
backup priority=70 due in 3.726563s
