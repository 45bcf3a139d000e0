# RFC 5798 §6.1, §6.4.2 (430): Skew_Time counts in the Master's intervals, which are
# 2 s here: 156 * 2 s / 256 = 1.21875 s.

router priority=100 interval=1s
startup
hear priority=200 interval=2s
hear priority=0 interval=2s
state
----
initialize -> backup (startup)
backup priority=100 due in 1.21875s
