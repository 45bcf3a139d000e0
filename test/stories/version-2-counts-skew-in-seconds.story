# RFC 3768 §6.1: Skew_Time = (256 - 100) / 256 s = 0.609375 s whatever the interval,
# and Master_Down_Interval = 3 * 10 s + 0.609375 s = 30.609375 s.

router version=2 priority=100 interval=10s
startup
state
----
initialize -> backup (startup)
backup priority=100 due in 30.609375s

hear priority=0
state
----
backup priority=100 due in 0.609375s
