# B1.8: the primary address stays what it is while it is there; a source that changed
# with every new address would look like another router.

router priority=255 interval=1s garp_master_delay=0s
startup
source 10.0.0.0 added
wait 1s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 1s
  send advert priority=255
