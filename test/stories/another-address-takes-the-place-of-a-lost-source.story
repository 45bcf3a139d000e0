# B1.8: a router with a second address of its own goes on with that; the neighbours
# compare the new one from then on (RFC 5798 §6.4.3 (735)).

router priority=255 interval=1s garp_master_delay=0s
source 10.0.0.9 added
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

source 10.0.0.1 removed
wait 1s
----
at 1s
  send advert priority=255 from=10.0.0.9

# 10.0.0.5 was greater than 10.0.0.1 and is less than 10.0.0.9.

hear priority=255 from=10.0.0.5
----
  send advert priority=255 from=10.0.0.9
  announce 10.0.0.100 x5
