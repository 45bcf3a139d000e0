# B15.2: state and timers stay.  The Backup has 2.609375 s left before and after; the
# Master says nothing out of turn.

router name=a vrid=1 priority=100
router name=b vrid=2 priority=255 address=10.0.0.200 interval=5s
startup
wait 1s
----
a: initialize -> backup (startup)
b: initialize -> master (owner_startup)
  b: send advert priority=255
  b: add 10.0.0.200
  b: announce 10.0.0.200 x5

reconfigure
----
ok

state
----
a: backup priority=100 due in 2.609375s
b: master priority=255 due in 4s
