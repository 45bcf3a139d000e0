# RFC 5798 §6.1 at priority 254 and the shortest interval, 10 ms:
#
#   Skew_Time            = 2 * 10 000 us / 256 = 78.125 us, rounded 78 us
#   Master_Down_Interval = 3 * 10 000 us + 78.125 us = 30 078.125 us, rounded 30 078 us
#
# Truncated to milliseconds it would be nothing, and 254 no better than 253.

router priority=254 interval=10ms garp_master_delay=0s
startup
hear priority=0
state
----
initialize -> backup (startup)
backup priority=254 due in 0.000078s

hear priority=254
state
----
backup priority=254 due in 0.030078s
