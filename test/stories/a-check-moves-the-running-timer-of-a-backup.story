# B7.4: the running Master_Down_Timer moves by the difference of the Skew_Times. Priority 100 has
# 0.609375 s, 100 + 50 has (256 - 150) / 256 = 0.4140625 s: 0.1953125 s less, and back again.

router priority=100 track=eth1:50
startup
wait 1s
state
----
initialize -> backup (startup)
backup priority=100 due in 2.609375s

link eth1 up
state
----
backup priority=150 due in 2.414063s

link eth1 down
state
----
backup priority=100 due in 2.609375s
