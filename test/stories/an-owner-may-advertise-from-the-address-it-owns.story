# RFC 5798 §6.1: the owner has the virtual address as a real one; it may well be
# the only one.  The same machine with priority 254 has no address to advertise
# from, because a virtual one is not its own.

source 10.0.0.1 removed
source 10.0.0.100 added
router priority=255
----
ok

startup
----
initialize -> master (owner_startup)
  send advert priority=255 from=10.0.0.100
  add 10.0.0.100
  announce 10.0.0.100 x5
