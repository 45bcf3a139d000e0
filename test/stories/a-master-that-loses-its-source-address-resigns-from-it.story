# Keepalived (B9.2, B9.12): without an address to advertise from there is FAULT, and a
# Master says priority 0 before it.  The last words come from the address that the
# neighbours know.

source 10.0.0.1 removed
source 10.0.0.7 added
router priority=255
startup
----
initialize -> master (owner_startup)
  send advert priority=255 from=10.0.0.7
  add 10.0.0.100
  announce 10.0.0.100 x5

source 10.0.0.7 removed
----
master -> fault (no_primary_address)
  send advert priority=0 from=10.0.0.7
  remove 10.0.0.100
