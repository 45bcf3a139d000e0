# RFC 5798 §6.4.3 (690): the neighbours wait by the interval they were told last, and
# must not be left waiting for a longer one.

router name=a priority=255 interval=1s garp_master_delay=0s
startup
wait 0.5s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a interval=10s
state
----
  send advert priority=255
master priority=255 due in 10s
