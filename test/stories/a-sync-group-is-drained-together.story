# B11.2: whoever drains one member drains its group, in one turn. Each resigns on its own wire.

reconfigure
  a group=G
  b vrid=2 address=10.0.0.101 group=G
  c vrid=3 address=10.0.0.102
startup
wait 3.609375s
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)
c: initialize -> backup (startup)
at 3.609375s
a: backup -> master (group_master)
b: backup -> master (master_silent)
  b: send advert priority=100
  a: send advert priority=100
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5
c: backup -> master (master_silent)
  c: send advert priority=100
  c: add 10.0.0.102
  c: announce 10.0.0.102 x5

drain b
----
a: master -> backup (operator)
b: master -> backup (operator)
  a: send advert priority=0
  b: send advert priority=0
  a: remove 10.0.0.100
  b: remove 10.0.0.101

# Nobody is heard; the third of them, which is in no group, stays Master.

wait 8s
state
----
at 4.609375s
  c: send advert priority=100
at 5.609375s
  c: send advert priority=100
at 6.609375s
  c: send advert priority=100
at 7.609375s
  c: send advert priority=100
at 8.609375s
  c: send advert priority=100
  c: announce 10.0.0.102 x5
at 9.609375s
  c: send advert priority=100
at 10.609375s
  c: send advert priority=100
at 11.609375s
  c: send advert priority=100
a: backup priority=100 due in 2.828125s
b: backup priority=100 due in 2.828125s
c: master priority=100 due in 1s

# What comes to the group is out of service with it.

reconfigure c group=G
----
c: master -> backup (operator)
  c: send advert priority=0
  c: remove 10.0.0.102

resume a
wait 3.609375s
----
at 15.21875s
a: backup -> master (group_master)
b: backup -> master (group_master)
c: backup -> master (master_silent)
  c: send advert priority=100
  a: send advert priority=100
  b: send advert priority=100
  c: add 10.0.0.102
  a: add 10.0.0.100
  b: add 10.0.0.101
  c: announce 10.0.0.102 x5
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.101 x5
