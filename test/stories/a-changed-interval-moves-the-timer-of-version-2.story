# RFC 3768 §6.1: version 2 learns nothing; the interval is always our own.  From 1 s to
# 3 s: 3 * 2 s more, and Skew_Time as before.

router name=a version=2 priority=100 interval=1s
startup
hear priority=200
wait 1s
reconfigure a interval=3s
state
----
initialize -> backup (startup)
backup priority=100 due in 8.609375s
