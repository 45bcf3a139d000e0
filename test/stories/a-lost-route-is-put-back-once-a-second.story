# on_loss restore, which is the default, is the same for routes and rules as for addresses: at once,
# then once a second at most. All paths are put back: adding one that is there changes nothing.

router interval=10s garp_master_delay=0s priority=255 route=192.0.3.0/24 rule=500
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  add route 192.0.3.0/24 dev eth0; rule 500: from all lookup 100
  announce 10.0.0.100 x5

torn 192.0.3.0/24
----
  add route 192.0.3.0/24 dev eth0; rule 500: from all lookup 100

wait 300ms
torn 500
----
ok

# 1 s after the first time, 700 ms from now.

wait 699999us
----
ok

wait 1us
----
at 1s
  add route 192.0.3.0/24 dev eth0; rule 500: from all lookup 100

# Addresses and paths that are lost within that second come back together.

torn 500
source 10.0.0.100 added
source 10.0.0.100 removed
----
ok

wait 1s
----
at 2s
  add 10.0.0.100
  add route 192.0.3.0/24 dev eth0; rule 500: from all lookup 100
  announce 10.0.0.100 x5
