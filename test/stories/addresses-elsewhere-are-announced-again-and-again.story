# Keepalived (B12.7): where no advertisement goes, switches forget the MAC address;
# garp_extra_if announces once every so often, here every 2 s, and only what lies on other
# interfaces.

router priority=255 interval=10s address=10.0.0.100,10.0.1.100@eth1 garp_master_delay=0s garp_extra_if=2s
startup
wait 5s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100 10.0.1.100
  announce 10.0.0.100 10.0.1.100 x5
at 2s
  announce 10.0.1.100 x1
at 4s
  announce 10.0.1.100 x1

reconfigure a garp_extra_if=0s
wait 3s
----
ok
