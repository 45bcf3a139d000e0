# vrrp_startup_delay and vrrp_delay_after_boot, of which the longer wins: started at 2 s with 3 s to wait,
# and 4 s after the boot, the routers begin at 5 s.

globals startup_delay=3s delay_after_boot=4s
reconfigure
  a priority=255
  b vrid=2
wait 2s
startup
----
ok

hear router=b priority=0
wait 2.999999s
----
ok

wait 1us
----
at 5s
a: initialize -> master (owner_startup)
b: initialize -> backup (startup)
  a: send advert priority=255
  a: add 10.0.0.100
  a: announce 10.0.0.100 x5

state
----
a: master priority=255 due in 1s
b: backup priority=100 due in 3.609375s
