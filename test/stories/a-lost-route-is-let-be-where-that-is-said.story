# no_track, or on_loss ignore.

router on_loss=ignore priority=255 garp_master_delay=0s route=192.0.3.0/24
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  add route 192.0.3.0/24 dev eth0
  announce 10.0.0.100 x5

torn 192.0.3.0/24
wait 900ms
----
ok
