# B11.2 at a reload: the newcomer knows of no Master, and the group it comes to is one.

reconfigure
  a group=G
  b vrid=2 address=10.0.0.101 group=G
startup
wait 3.609375s
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)
at 3.609375s
a: backup -> master (group_master)
b: backup -> master (master_silent)
  b: send advert priority=100
  a: send advert priority=100
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5

reconfigure c vrid=3 address=10.0.0.102 group=G
----
c: new -> master (group_master)
  c: send advert priority=100
  c: add 10.0.0.102
  c: announce 10.0.0.102 x5
