# The kernel drops routes when their interface goes down, and says so of IPv6 ones: no loss, and
# nothing is tried that cannot succeed. When the link is back, so are they.

router interface=eth0 dont_track_primary=yes priority=255 interval=10s garp_master_delay=0s route=192.0.3.0/24 on_loss=failover
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  add route 192.0.3.0/24 dev eth0
  announce 10.0.0.100 x5

link eth0 down
torn 192.0.3.0/24
----
ok

link eth0 up
----
  add 10.0.0.100
  add route 192.0.3.0/24 dev eth0
  announce 10.0.0.100 x5
