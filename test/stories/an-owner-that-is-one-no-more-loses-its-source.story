# RFC 5798 §6.1, B9.12: with priority 255 the virtual address is our own and may be
# advertised from; with 200 it is not, and there is no other.

source 10.0.0.1 removed
source 10.0.0.100 added
router name=a priority=255
startup
----
initialize -> master (owner_startup)
  send advert priority=255 from=10.0.0.100
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a priority=200
----
master -> fault (no_primary_address)
  send advert priority=0 from=10.0.0.100
  remove 10.0.0.100
