# RFC 5798 §7.2, B1.8: the source is the primary address, never a virtual one.  As
# Master the interface carries both; when the real one goes, the virtual one does not
# stand in for it.

router priority=100
startup
wait 3.609375s
source 10.0.0.100 added
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

source 10.0.0.1 removed
----
master -> fault (no_primary_address)
  send advert priority=0
  remove 10.0.0.100
