# RFC 5798 §6.1, B9.2: our only address is a virtual one, and with priority 100 it is not
# ours to advertise from.  A new configuration says that it is: FAULT ends, and as the
# owner, with the addresses of the new configuration.

router name=a priority=100 address=10.0.0.1
startup
----
initialize -> fault (no_primary_address)

reconfigure a priority=255 address=10.0.0.1,10.0.0.101
----
fault -> master (primary_address)
  send advert priority=255
  add 10.0.0.1 10.0.0.101
  announce 10.0.0.1 10.0.0.101 x5
