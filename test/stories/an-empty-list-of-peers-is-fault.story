# Keepalived (B9.14) falls back to the group; unicast_fault_no_peer makes it FAULT.  Here it
# always is: who was told to speak to peers may be where no group reaches anybody.

router unicast_peer=none
startup
----
initialize -> fault (no_peers)

# The first peer ends it; by unicast it tells of its own address (B9.15).  Priority 100, interval 1 s:
#
#   Master_Down_Interval = 3 * 1 s + (256 - 100) * 1 s / 256 = 3.609375 s

reconfigure a unicast_peer=10.0.0.2
----
fault -> backup (config)
  announce 10.0.0.1/32 x1

state
----
backup priority=100 due in 3.609375s

wait 3.609375s
----
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

# And who loses the last one says so while there is somebody to say it to.

reconfigure a unicast_peer=none
----
master -> fault (no_peers)
  send advert priority=0
  remove 10.0.0.100
