# B15.2: routers are matched by VRID, family and interface, not by name.  Adver_Timer of 5 s
# has 4 s left before and after.

router name=a vrid=1 priority=255 interval=5s
startup
wait 1s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure
  a removed
  b vrid=1 priority=255 interval=5s
----
ok

state
----
master priority=255 due in 4s
