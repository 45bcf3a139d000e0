# RFC 5798 §5.1.2.1: the source of an IPv6 advertisement is the link-local address of
# the interface.  A global one does not do.  Each address is announced by unsolicited NA,
# RFC 5798 §6.4.2 (395).

source fe80::1 removed
source 2001:db8::1 added
router family=ipv6 priority=100 address=fe80::100,2001:db8::100
startup
----
initialize -> fault (no_primary_address)

source fe80::7 added
wait 3.609375s
----
fault -> backup (primary_address)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100 from=fe80::7
  add fe80::100 2001:db8::100
  announce fe80::100 2001:db8::100 x5

# The virtual link-local address is not ours either.

source fe80::100 added
source fe80::7 removed
----
master -> fault (no_primary_address)
  send advert priority=0 from=fe80::7
  remove fe80::100 2001:db8::100
