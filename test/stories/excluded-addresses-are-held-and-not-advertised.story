# virtual_ipaddress_excluded: added and announced like the others, with routes and rules behind them,
# and let go in the opposite order.

router priority=255 garp_master_delay=0s excluded=10.0.1.5,10.0.1.6 route=192.0.3.0/24 rule=500
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100 10.0.1.5 10.0.1.6
  add route 192.0.3.0/24 dev eth0; rule 500: from all lookup 100
  announce 10.0.0.100 10.0.1.5 10.0.1.6 x5

shutdown
----
master -> initialize (shutdown)
  send advert priority=0
  remove rule 500: from all lookup 100; route 192.0.3.0/24 dev eth0
  remove 10.0.0.100 10.0.1.5 10.0.1.6
