# RFC 5798 §6.1: Skew_Time = (256 - 100) * 10 s / 256 = 6.09375 s, and
# Master_Down_Interval = 30 s + 6.09375 s = 36.09375 s.

router version=3 priority=100 interval=10s
startup
state
----
initialize -> backup (startup)
backup priority=100 due in 36.09375s

hear priority=0
state
----
backup priority=100 due in 6.09375s
