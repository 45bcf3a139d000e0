# RFC 5798 §6.4.3 (680)-(690): a deadline that is told too early changes nothing.

router priority=255 interval=1s garp_master_delay=0s
startup
wait 0.5s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

ring
----
ok

state
----
master priority=255 due in 0.5s
