# B11.1, the other way: one member hears a Master it has to live with, so nobody takes over, however
# silent the other wire is. When that Master falls silent, too, the group goes together.
# Priority 100, 1 s: Master_Down_Interval 3.609375 s.

reconfigure
  a group=G
  b vrid=2 address=10.0.0.101 group=G
startup
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)

wait 3s
----
ok

hear router=b priority=150
----
ok

wait 3s
----
ok

hear router=b priority=150
----
ok

wait 3s
----
ok

wait 0.609375s
----
at 9.609375s
a: backup -> master (group_master)
b: backup -> master (master_silent)
  b: send advert priority=100
  a: send advert priority=100
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5
