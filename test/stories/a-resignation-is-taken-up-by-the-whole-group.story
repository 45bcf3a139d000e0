# RFC 5798 §6.4.2 (425) in a group: both members hear priority 0 and wait for their Skew_Time, 0.609375 s at
# priority 100 and 0.21875 s at 200; the later one takes the group along.

reconfigure
  a priority=100 group=G
  b vrid=2 priority=200 address=10.0.0.101 group=G
startup
hear router=a priority=250
hear router=b priority=250
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)

hear router=a priority=0
hear router=b priority=0
----
ok

wait 0.21875s
----
ok

wait 0.390625s
----
at 0.609375s
a: backup -> master (master_resigned)
b: backup -> master (group_master)
  a: send advert priority=100
  b: send advert priority=200
  a: add 10.0.0.100
  b: add 10.0.0.101
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.101 x5
