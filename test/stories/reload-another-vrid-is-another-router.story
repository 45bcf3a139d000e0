# B15.5: the old router ends and a new one begins, under the same name.  The address is let
# go; the new one has Master_Down_Interval = 3.609375 s to wait before it takes it up.

router name=a vrid=1 priority=100
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a vrid=2
----
a: new -> backup (config)
a: master -> removed
  a: send advert priority=0
  a: remove 10.0.0.100

wait 3.609375s
----
at 7.21875s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
