# B15.2, and what Keepalived does not do: b loses an address, c comes, d goes; a is Master
# and advertises at 1 s, 2 s, 3 s, neither earlier nor later.

router name=a vrid=1 priority=255 address=10.0.0.100 garp_master_delay=0s
router name=b vrid=2 priority=255 address=10.0.0.200,10.0.0.201 garp_master_delay=0s interval=40s
router name=d vrid=4 priority=100 address=10.0.0.204
startup
wait 1.5s
----
a: initialize -> master (owner_startup)
b: initialize -> master (owner_startup)
d: initialize -> backup (startup)
  a: send advert priority=255
  b: send advert priority=255
  a: add 10.0.0.100
  b: add 10.0.0.200 10.0.0.201
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.200 10.0.0.201 x5
at 1s
  a: send advert priority=255

reconfigure
  b address=10.0.0.200
  c vrid=3 priority=100 address=10.0.0.203
  d removed
----
c: new -> backup (config)
d: backup -> removed
  b: send advert priority=255
  b: remove 10.0.0.201

wait 1.5s
----
at 2s
  a: send advert priority=255
at 3s
  a: send advert priority=255
