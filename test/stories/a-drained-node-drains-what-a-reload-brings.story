# `heird drain` without a name is about the node, whatever its file says afterwards; one about a router is not.

router priority=200
startup
wait 4s
drain
reconfigure b vrid=2 address=10.0.0.101 priority=255
wait 5s
state
----
initialize -> backup (startup)
at 3.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (operator)
  send advert priority=0
  remove 10.0.0.100
b: new -> backup (config)
a: backup priority=200 due in 1.4375s
b: backup priority=255 due in 1.007812s

resume
----
b: backup -> master (operator)
  b: send advert priority=255
  b: add 10.0.0.101
  b: announce 10.0.0.101 x5

drain a
reconfigure c vrid=3 address=10.0.0.102 priority=255
----
c: new -> master (config)
  c: send advert priority=255
  c: add 10.0.0.102
  c: announce 10.0.0.102 x5
