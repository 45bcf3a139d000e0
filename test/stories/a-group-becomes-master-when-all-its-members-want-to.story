# Keepalived (B11.1): a member of a sync group becomes Master only when all of them want to. By hand, for
# version 3 and 1 s: priority 200 has Skew_Time (256 - 200) / 256 = 0.21875 s, so Master_Down_Interval
# 3.21875 s; priority 100 has 0.609375 s, so 3.609375 s. The first waits for the second, and both go in
# one turn.

reconfigure
  a priority=200 group=G
  b vrid=2 priority=100 address=10.0.0.101 group=G
----
ok

startup
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)

wait 3.21875s
----
ok

state
----
a: backup priority=200 due in 3.21875s
b: backup priority=100 due in 0.390625s

wait 0.390625s
----
at 3.609375s
a: backup -> master (group_master)
b: backup -> master (master_silent)
  b: send advert priority=100
  a: send advert priority=200
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5
