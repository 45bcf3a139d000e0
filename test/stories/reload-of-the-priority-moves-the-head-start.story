# B7.4: a Backup with priority 100 has waited 1 s of 3.609375 s.  With 200 Skew_Time is
# 56/256 s = 0.21875 s, which is 0.390625 s less: 2.609375 s - 0.390625 s = 2.21875 s.

router priority=100
startup
wait 1s
reconfigure a priority=200
state
----
initialize -> backup (startup)
backup priority=200 due in 2.21875s
