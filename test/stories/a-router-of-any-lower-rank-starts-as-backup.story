# RFC 5798 §6.4.1 (165): a router that is not the owner starts as Backup and waits.
# Keepalived's `state MASTER` does not change that (B9.1), and neither does the highest
# priority short of 255.
#
#   Skew_Time            = (256 - 254) * 1 s / 256 = 7812.5 us, rounded 7813 us
#   Master_Down_Interval = 3 s + 0.007813 s        = 3.007813 s

router priority=254
startup
----
initialize -> backup (startup)

state
----
backup priority=254 due in 3.007813s
