# B11.7: a weaker Master heard by one member is answered by that one, and announced against by all; the
# second blocks follow after garp_lower_prio_delay.

reconfigure
  a priority=200 group=G garp_master_delay=0s garp_lower_prio_delay=500ms interval=2s
  b priority=200 vrid=2 address=10.0.0.101 group=G garp_master_delay=0s garp_lower_prio_delay=500ms interval=2s
startup
wait 6.4375s
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)
at 6.4375s
a: backup -> master (group_master)
b: backup -> master (master_silent)
  b: send advert priority=200
  a: send advert priority=200
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5

hear router=a priority=100
----
  a: send advert priority=200
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.101 x5

wait 500ms
----
at 6.9375s
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.101 x5
